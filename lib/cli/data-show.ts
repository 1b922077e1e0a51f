import type { Command } from "commander";
import { pictureOptions } from "../data/picture-options.js";
import { specForms } from "../data/spec-forms.js";
import { sampleOptions } from "../report/sample-options.js";
import { addFlags, listOf } from "./flags.js";
import { count, printResult } from "./output.js";

interface ShowFlags extends Record<string, unknown> {
  classes?: string[];
  out: string;
  json?: boolean;
}

/** `ssd-distill data show` */
export function dataShowCommand(data: Command): void {
  const command = data
    .command("show")
    .description("draw some pictures with their boxes into one")
    .argument("<spec>", specForms)
    .option("--out <file>", "the PNG", "samples.png")
    .option("--classes <names>", "class list to hold it to, separated by commas", listOf)
    .option("--json", "print one JSON object");
  const readSamples = addFlags(command, sampleOptions);
  const readPicture = addFlags(command, pictureOptions);
  command.action(async (spec: string, flags: ShowFlags) => {
    const { parseSource } = await import("../data/sources.js");
    const { drawSamples } = await import("../report/samples.js");
    const { writeAtomically } = await import("../checkpoint/atomic.js");
    const { classes, out, json } = flags;
    const picture = readPicture(flags);
    const options = { ...readSamples(flags), classes, picture };
    const { items, png } = await drawSamples(parseSource(spec), options);
    await writeAtomically(out, [png], "BAD_OPTION");
    const result = {
      out,
      items: items.map(({ image, truths }) => ({ image, boxes: truths.length })),
    };
    printResult(result, { json }, () => `${count(items.length, "picture")} in ${out}`);
  });
}
