import type { Command } from "commander";
import { layoutFamilies } from "../checkpoint/layouts/layout.js";
import { exportOptions } from "../export/export.js";
import { addFlags } from "./flags.js";
import { note, printResult } from "./output.js";

/** `ssd-distill export` */
export function exportCommand(program: Command): void {
  const command = program
    .command("export")
    .description("write a detector's weights for this or another code base")
    .requiredOption("--weights <file>", "weights: .safetensors, .pth or .npz")
    .requiredOption("--out <file>", "file to write")
    .option(
      "--from <layout>",
      `how --weights are named, where unclear: ${layoutFamilies.join(", ")}`,
    )
    .option("--model <name>", "architecture of --weights, where they do not say")
    .option("--classes <names>", "class names of --weights in order, separated by commas")
    .option("--json", "print the result as one JSON object");
  const read = addFlags(command, exportOptions);
  command.action(async (values) => {
    const { weights, out, from, model, classes } = values;
    const { Detector } = await import("../detector.js");
    const { exportDetector } = await import("../export/export.js");
    const choices = { layout: from, preset: model, classes: classes?.split(",") };
    const detector = await Detector.load(weights, choices);
    const result = await exportDetector(detector, out, read(values));
    for (const { option, ours, theirs } of result.differences) {
      note(`${option} of this detector is ${JSON.stringify(ours)}, not ${JSON.stringify(theirs)}`);
    }
    printResult(
      { ...result, preset: detector.preset.name, classes: detector.classes },
      values,
      ({ file, tensors, layout, preset }) =>
        `${file}: ${tensors} tensors of ${preset}, names of ${layout}`,
    );
  });
}
