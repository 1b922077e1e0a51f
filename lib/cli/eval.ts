import type { Command } from "commander";
import { interruption } from "./exit.js";
import { printResult, table } from "./output.js";

/** `ssd-distill eval` */
export function evalCommand(program: Command): void {
  program
    .command("eval")
    .description("evaluate a detector: VOC average precision, class by class")
    .requiredOption("--weights <file>", "weights of the detector")
    .requiredOption("--data <spec>", "data to evaluate on, for example voc:DIR:SET")
    .option("--protocol <voc|voc11>", "every-point or 11-point average precision", "voc")
    .option("--iou <number>", "IoU from which a detection is right", Number, 0.5)
    .option("--batch <number>", "pictures at once", Number, 16)
    .option("--device <name>", "cpu, cuda or cuda:N", "cpu")
    .option("--json", "print the result as one JSON object")
    .action(async ({ weights, data, device, json, ...options }) => {
      const { Detector } = await import("../detector.js");
      const { evaluate } = await import("../evaluate/evaluate.js");
      const { parseSource } = await import("../data/sources.js");
      const source = parseSource(data);
      const detector = await Detector.load(weights, { device });
      const { map, classes } = await evaluate(detector, source, {
        ...options,
        signal: interruption(),
      });
      printResult({ map, classes }, { json }, (result) =>
        table([
          ...result.classes.map(
            ({ name, ap, truths }) => [name, `${ap.toFixed(4)}  (${truths} truths)`] as const,
          ),
          ["mAP", result.map.toFixed(4)],
        ]),
      );
    });
}
