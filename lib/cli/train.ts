import type { Command } from "commander";
import { specForms } from "../data/spec-forms.js";
import { kdOptions } from "../options.js";
import { trainOptions } from "../train/options.js";
import { interruption } from "./exit.js";
import { addFlags } from "./flags.js";
import { note, printResult } from "./output.js";

/** `ssd-distill train` */
export function trainCommand(program: Command): void {
  const command = program
    .command("train")
    .description("train a detector, or distil one from a teacher")
    .option("--data <spec>", `training data: ${specForms}`)
    .option("--val <spec>", "validation data (default: a part of the training data)")
    .option("--model <name>", "architecture to train")
    .option("--classes <names>", "class names in order, separated by commas")
    .option("--teacher <file>", "weights of a teacher to distil from")
    .option("--init <file>", "weights to start from; loads what fits")
    .option("--device <name>", "cpu, cuda or cuda:N (default cpu)")
    .option("--json", "print the result as one JSON object");
  // These arrive as flags of their own kind above, or only from code.
  const skip = ["data", "val", "signal", "onEvent", "distill"];
  const readTrain = addFlags(command, trainOptions, skip);
  const readKd = addFlags(command, kdOptions);
  command.action(async (values) => {
    const { runTraining } = await import("./train-run.js");
    const request = { values, options: readTrain(values), kd: readKd(values) };
    const result = await runTraining(request, interruption(), note);
    printResult(result, values, (r) =>
      [
        r.best.epoch === 0
          ? "No mAP: nothing was validated"
          : `Best mAP ${r.best.map.toFixed(4)} in epoch ${r.best.epoch}`,
        ...(r.teacher === undefined ? [] : [`Teacher mAP ${r.teacher.map.toFixed(4)}`]),
        `Weights ${r.weights}`,
        `Report ${r.report}`,
      ].join("\n"),
    );
  });
}
