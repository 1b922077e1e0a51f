import { join } from "node:path";
import type { Command } from "commander";
import { problemLine } from "../data/problems.js";
import { specForms } from "../data/spec-forms.js";
import { dataCheckCommand } from "./data-check.js";
import { dataShowCommand } from "./data-show.js";
import { interruption } from "./exit.js";
import { listOf } from "./flags.js";
import { count, note, printResult } from "./output.js";

/** Registers `data check`, `data show` and `data pack`. */
export function dataCommand(program: Command): void {
  const data = program.command("data").description("check, show or prepare labelled pictures");
  dataCheckCommand(data);
  dataShowCommand(data);
  data
    .command("pack")
    .description("decode the pictures once into the file that training maps into memory")
    .argument("<spec>", specForms)
    .option("--classes <names>", "class list to hold it to, separated by commas", listOf)
    .option("--out <dir>", "folder for the file; by default where training looks for it")
    .option("--json", "print one JSON object")
    .action(pack);
}

interface PackFlags {
  classes?: string[];
  out?: string;
  json?: boolean;
}

async function pack(spec: string, { classes, out, json }: PackFlags): Promise<void> {
  const { parseSource } = await import("../data/sources.js");
  const { packDataset } = await import("../data/pack.js");
  const { cacheDir } = await import("../data/cache.js");
  const dataset = await parseSource(spec).read({ classes });
  const packed = await packDataset(dataset, {
    dir: out ?? join(cacheDir(), "packs"),
    onProgress: everyTenth((done, total) => note(`packed ${done} of ${total} pictures`)),
    signal: interruption(),
  });
  const { items, problems } = packed.dataset;
  const result = { path: packed.path, items: items.length, problems };
  printResult(result, { json }, ({ path }) =>
    [...problems.map(problemLine), `${count(items.length, "picture")} in ${path}`].join("\n"),
  );
}

function everyTenth(tell: (done: number, total: number) => void): typeof tell {
  return (done, total) => {
    const step = Math.max(1, Math.ceil(total / 10));
    if (done % step === 0 || done === total) tell(done, total);
  };
}
