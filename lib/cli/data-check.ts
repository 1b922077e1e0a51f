import type { Command } from "commander";
import type { CheckOptions } from "../data/check.js";
import { checkOptions } from "../data/check-options.js";
import { pictureOptions } from "../data/picture-options.js";
import { specForms } from "../data/spec-forms.js";
import { SsdError } from "../errors.js";
import { addFlags, listOf } from "./flags.js";
import { count, note, printResult, whenSlow } from "./output.js";

interface CheckFlags extends Record<string, unknown> {
  classes?: string[];
  against?: string[];
  model?: string;
  strict?: boolean;
  json?: boolean;
}

/** `ssd-distill data check` */
export function dataCheckCommand(data: Command): void {
  const command = data
    .command("check")
    .description("find what is wrong with a data set, and what it is like")
    .argument("<spec>", specForms)
    .option("--classes <names>", "class list to hold it to, separated by commas", listOf)
    .option("--against <spec>", "data that must share no picture with it; may be repeated", more)
    .option(
      "--model <name>",
      "architecture whose priors it is held against (default ssd300-mobilenetv2)",
    )
    .option("--strict", "end with exit code 3 when there is a problem")
    .option("--json", "print one JSON object");
  const readCheck = addFlags(command, checkOptions, ["model", "against"]);
  const readPicture = addFlags(command, pictureOptions);
  command.action(async (spec: string, flags: CheckFlags) => {
    await check(spec, flags, { ...readCheck(flags), picture: readPicture(flags) });
  });
}

const more = (spec: string, before: string[] = []): string[] => [...before, spec];

async function check(spec: string, flags: CheckFlags, options: CheckOptions): Promise<void> {
  const { classes, against = [], model, strict, json } = flags;
  const { parseSource } = await import("../data/sources.js");
  const { checkDataset } = await import("../data/check.js");
  const { checkText } = await import("./data-check-text.js");
  const found = await checkDataset(parseSource(spec), {
    ...options,
    classes,
    model,
    against: against.map(parseSource),
    onProgress: whenSlow((done, total) => note(`checked ${done} of ${total} pictures`)),
  });
  printResult(found, { json }, checkText);
  if (strict && found.problems.length > 0) {
    throw new SsdError("BAD_DATA", `${spec}: ${count(found.problems.length, "problem")}`);
  }
}
