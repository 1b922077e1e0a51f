import type { Command } from "commander";
import type { DataCheck } from "../data/check.js";
import { problemLine, problemSummary } from "../data/problems.js";
import { SsdError } from "../errors.js";
import { packCommand } from "./data-pack.js";
import { printResult } from "./output.js";

/** Registers `data check` and `data pack`. */
export function dataCommand(program: Command): void {
  const data = program.command("data").description("check or prepare labelled pictures");
  data
    .command("check")
    .description("find what is wrong with a data set: annotations, boxes and pictures")
    .argument("<spec>", "voc:DIR[:SET] or synthetic:shapes[?images=200]")
    .option("--classes <names>", "class list to hold it to, separated by commas", listOf)
    .option("--strict", "end with exit code 3 when files cannot be used")
    .option("--json", "print one JSON object")
    .action(check);
  packCommand(data);
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
