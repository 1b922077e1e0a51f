import type { Command } from "commander";
import type { Inspection } from "../checkpoint/inspect.js";
import { printResult, table } from "./output.js";

/** Registers `inspect`. */
export function inspectCommand(program: Command): void {
  program
    .command("inspect")
    .description("list the tensors of a weight file: safetensors, .npz or PyTorch's .pth")
    .argument("<file>", "the weight file; what it is is told by its content")
    .option("--json", "print one JSON object")
    .action(async (file: string, { json }: { json?: boolean }) => {
      const { inspectWeights } = await import("../checkpoint/inspect.js");
      const { shown } = await import("../checkpoint/damage.js");
      const { bytesOf, countOf } = await import("../checkpoint/strided.js");
      const sum = (numbers: number[]) => numbers.reduce((total, next) => total + next, 0);
      printResult(await inspectWeights(file), { json }, ({ format, tensors }: Inspection) => {
        const rows = tensors.map(({ name, shape, dtype, sha256 }) => [
          shown(name),
          `[${shape.join(", ")}]`,
          dtype,
          sha256.slice(0, 16),
        ]);
        const parameters = sum(tensors.map(({ shape }) => countOf(shape)));
        const bytes = sum(tensors.map(bytesOf));
        const total = `${format}: ${tensors.length} tensors, ${parameters} parameters, ${bytes} bytes`;
        return [table([["name", "shape", "dtype", "sha256"], ...rows]), total].join("\n");
      });
    });
}
