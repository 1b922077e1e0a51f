import type { Command } from "commander";
import { cacheShape } from "../data/cache-options.js";
import { pictureOptions } from "../data/picture-options.js";
import { specForms } from "../data/spec-forms.js";
import { protocolOptions } from "../evaluate/average-precision.js";
import { interruption } from "./exit.js";
import { addFlags } from "./flags.js";
import { printResult, table } from "./output.js";

/** `ssd-distill eval` */
export function evalCommand(program: Command): void {
  const command = program
    .command("eval")
    .description("evaluate a detector: average precision, class by class")
    .requiredOption("--weights <file>", "weights of the detector")
    .requiredOption("--data <spec>", `data to evaluate on: ${specForms}`)
    .option("--batch <number>", "pictures at once", Number, 16)
    .option("--device <name>", "cpu, cuda or cuda:N", "cpu")
    .option("--json", "print the result as one JSON object");
  const readProtocol = addFlags(command, protocolOptions.extend(cacheShape));
  const readPicture = addFlags(command, pictureOptions);
  command.action(async (values) => {
    const { weights, data, device, json, batch } = values;
    const { Detector } = await import("../detector.js");
    const { evaluate } = await import("../evaluate/evaluate.js");
    const { parseSource } = await import("../data/sources.js");
    const source = parseSource(data);
    const detector = await Detector.load(weights, { device });
    const { stderrProgress } = await import("../train/progress.js");
    const progress = stderrProgress();
    const onEvent = progress.show.bind(progress);
    const options = {
      ...readProtocol(values),
      picture: readPicture(values),
      batch,
      signal: interruption(),
      onEvent,
    };
    const evaluation = await evaluate(detector, source, options);
    const { loss: _, detections: __, msPerPicture: ___, map, classes, ...coco } = evaluation;
    // COCO's twelve numbers begin with the mean.
    const means = "AP" in coco ? Object.entries(coco) : [["mAP", map] as const];
    printResult({ map, classes, ...coco }, { json }, () =>
      table([
        ...classes.map(
          ({ name, ap, truths }) => [name, `${ap.toFixed(4)}  (${truths} truths)`] as const,
        ),
        ...means.map(([name, value]) => [name, value.toFixed(4)] as const),
      ]),
    );
  });
}
