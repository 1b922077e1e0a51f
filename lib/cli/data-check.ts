import type { Command } from "commander";
import { SsdError } from "../errors.js";
import { listOf } from "./flags.js";
import { count, note, printResult, whenSlow } from "./output.js";

interface CheckFlags {
  classes?: string[];
  against: string[];
  splits: boolean;
  model?: string;
  strict?: boolean;
  json?: boolean;
}

/** `ssd-distill data check` */
export function dataCheckCommand(data: Command): void {
  data
    .command("check")
    .description("find what is wrong with a data set, and what it is like")
    .argument("<spec>", "data to check, for example voc:DIR:SET")
    .option("--classes <names>", "class list to hold it to, separated by commas", listOf)
    .option(
      "--against <spec>",
      "data that must share no picture with it; may be repeated",
      more,
      [],
    )
    .option("--no-splits", "do not compare it with its own train, val and test")
    .option("--model <name>", "architecture whose priors the boxes are held against")
    .option("--strict", "end with exit code 3 when there is a problem")
    .option("--json", "print one JSON object")
    .action(check);
}

const more = (spec: string, before: string[]): string[] => [...before, spec];

async function check(spec: string, flags: CheckFlags): Promise<void> {
  const { against, strict, json, ...options } = flags;
  const { parseSource } = await import("../data/sources.js");
  const { checkDataset } = await import("../data/check.js");
  const { checkText } = await import("./data-check-text.js");
  const found = await checkDataset(parseSource(spec), {
    ...options,
    against: against.map(parseSource),
    onProgress: whenSlow((done, total) => note(`checked ${done} of ${total} pictures`)),
  });
  printResult(found, { json }, checkText);
  if (strict && found.problems.length > 0) {
    throw new SsdError("BAD_DATA", `${spec}: ${count(found.problems.length, "problem")}`);
  }
}
