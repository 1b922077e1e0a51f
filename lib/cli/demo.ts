import type { Command } from "commander";
import { interruption } from "./exit.js";
import { note, printResult } from "./output.js";

/** `ssd-distill demo` */
export function demoCommand(program: Command): void {
  program
    .command("demo")
    .description("the whole way on made-up pictures: teacher, student, distilled student, report")
    .option("--out <dir>", "folder for the runs and the report", "runs/demo")
    .option("--json", "print the result as one JSON object")
    .action(async ({ out, json }) => {
      const { runDemo } = await import("../demo.js");
      const result = await runDemo(out, interruption(), note);
      printResult(result, { json }, ({ models, report, verdict }) =>
        [
          "",
          row(["", "preset", "parameters", "mAP", "ms/picture"]),
          ...models.map((model) =>
            row([
              model.name,
              model.preset,
              `${(model.parameters / 1e6).toFixed(3)} M`,
              model.map.toFixed(4),
              model.msPerPicture.toFixed(1),
            ]),
          ),
          "",
          verdict,
          `Report: ${report}`,
        ].join("\n"),
      );
    });
}

function row(cells: readonly string[]): string {
  const [name, preset, ...numbers] = cells as [string, string, ...string[]];
  return [name.padEnd(14), preset.padEnd(14), ...numbers.map((text) => text.padStart(12))].join("");
}
