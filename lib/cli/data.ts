import { join } from "node:path";
import type { Command } from "commander";
import type { DataCheck } from "../data/check.js";
import { problemLine, problemSummary } from "../data/problems.js";
import { specForms } from "../data/spec-forms.js";
import { SsdError } from "../errors.js";
import { interruption } from "./exit.js";
import { note, printResult } from "./output.js";

/** Registers `data check` and `data pack`. */
export function dataCommand(program: Command): void {
  const data = program.command("data").description("check or prepare labelled pictures");
  data
    .command("check")
    .description("find what is wrong with a data set: annotations, boxes and pictures")
    .argument("<spec>", specForms)
    .option("--classes <names>", "class list to hold it to, separated by commas", listOf)
    .option("--strict", "end with exit code 3 when files cannot be used")
    .option("--json", "print one JSON object")
    .action(check);
  data
    .command("pack")
    .description("decode the pictures once into the file that training maps into memory")
    .argument("<spec>", specForms)
    .option("--classes <names>", "class list to hold it to, separated by commas", listOf)
    .option("--out <dir>", "folder for the file; by default where training looks for it")
    .option("--json", "print one JSON object")
    .action(pack);
}

interface CheckFlags {
  classes?: string[];
  strict?: boolean;
  json?: boolean;
}

async function check(spec: string, { classes, strict, json }: CheckFlags): Promise<void> {
  const { parseSource } = await import("../data/sources.js");
  const { checkDataset, isUnusable } = await import("../data/check.js");
  const found = await checkDataset(parseSource(spec), { classes });
  printResult(found, { json }, asText);
  const bad = found.problems.filter(isUnusable).length;
  if (strict && bad > 0) {
    throw new SsdError(
      "BAD_DATA",
      `${spec}: ${count(bad, "problem")} of files that cannot be used`,
    );
  }
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

function asText({ items, boxes, classes, problems }: DataCheck): string {
  const names = Object.entries(classes).map(([name, boxes]) => `${name} ${boxes}`);
  const summary = [count(items, "picture"), count(boxes, "box", "boxes")].join(", ");
  return [
    ...problems.map(problemLine),
    summary,
    `${count(names.length, "class", "classes")}: ${names.join(", ")}`,
    problemSummary(problems),
  ].join("\n");
}

function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

function listOf(text: string): string[] {
  return text.split(",").map((name) => name.trim());
}
