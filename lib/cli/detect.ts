import type { Command } from "commander";
import { printResult } from "./output.js";

/** `ssd-distill detect` */
export function detectCommand(program: Command): void {
  program
    .command("detect")
    .description("find objects in pictures; writes detections.json and annotated pictures")
    .requiredOption("--weights <file>", "weights of the detector")
    .requiredOption("--out <dir>", "folder for detections.json and the pictures")
    .argument("<image...>", "pictures")
    .option("--min-score <number>", "lowest score that is kept", Number, 0.5)
    .option("--device <name>", "cpu, cuda or cuda:N", "cpu")
    .option("--json", "print the result as one JSON object")
    .action(async (images: string[], { weights, out, minScore, device, json }) => {
      const { Detector } = await import("../detector.js");
      const { annotate } = await import("../report/annotate.js");
      const detector = await Detector.load(weights, { device });
      const results = await annotate(detector, images, out, { minScore });
      printResult({ images: results }, { json }, (result) =>
        result.images
          .flatMap(({ image, detections }) => [
            `${image}: ${detections.length} found`,
            ...detections.map(
              ({ label, score, box }) =>
                `  ${label} ${score.toFixed(3)} [${box.map((side) => side.toFixed(1)).join(", ")}]`,
            ),
          ])
          .join("\n"),
      );
    });
}
