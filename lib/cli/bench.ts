import type { Command } from "commander";
import { type BenchResult, benchNames, runBench } from "../bench/bench.js";
import { benchOptions } from "../bench/options.js";
import { packageVersion } from "../package.js";
import { interruption } from "./exit.js";
import { addFlags } from "./flags.js";
import { note, printResult, table } from "./output.js";

/** Registers `bench`. */
export function benchCommand(program: Command): void {
  const command = program
    .command("bench")
    .description("measure this machine, beside PyTorch where a Python has it (SSD_DISTILL_PYTHON)")
    .argument("[rows...]", `what to measure: ${benchNames.join(", ")}; all unless given`)
    .option("--json", "print the result as one JSON object");
  const readOptions = addFlags(command, benchOptions);
  command.action(async (names: string[], values) => {
    const signal = interruption();
    const { versions, ...result } = await runBench(names, readOptions(values), { note, signal });
    const own = { "ssd-distill": packageVersion(), ...versions };
    printResult({ ...result, versions: own }, values, asText);
  });
}

function asText({ device, threads, versions, rows }: BenchResult): string {
  const head = ["row", "ours ms", "peer ms", "ratio", "floor ms", "peer"];
  const lines = rows.map(({ name, ours_ms, peer_ms, ratio, floor_ms, peer }) => [
    name,
    ...[ours_ms, peer_ms, ratio, floor_ms].map(shown),
    shown(peer),
  ]);
  const known = new Set(["name", "ours_ms", "peer_ms", "ratio", "floor_ms", "peer"]);
  const more = rows.flatMap(({ name, ...row }) =>
    Object.entries(row)
      .filter(([field]) => !known.has(field))
      .map(([field, value]) => [`${name} ${field.replaceAll("_", " ")}`, shown(value)]),
  );
  const about = [
    ["device", device],
    ["threads", String(threads)],
    ["versions", shown(versions)],
  ];
  return [table([head, ...lines]), "", table([...more, ...about])].join("\n");
}

/** A value on a line; numbers to four digits. */
function shown(value: unknown): string {
  if (value === null) return "-";
  if (typeof value === "number") return String(Number(value.toPrecision(4)));
  if (Array.isArray(value)) return value.map(shown).join("; ") || "-";
  if (typeof value !== "object") return String(value);
  const fields = Object.entries(value as object);
  return fields.map(([field, inner]) => `${field} ${shown(inner)}`).join(", ");
}
