import { join } from "node:path";
import type { Command } from "commander";
import { cacheShape } from "../data/cache-options.js";
import { pictureOptions } from "../data/picture-options.js";
import { problemLine } from "../data/problems.js";
import { specForms } from "../data/spec-forms.js";
import { interruption } from "./exit.js";
import { addFlags } from "./flags.js";
import { printResult } from "./output.js";

const packFlags = pictureOptions.extend({ maxSide: cacheShape.maxSide });

/** `ssd-distill data pack` */
export function packCommand(data: Command): void {
  const command = data
    .command("pack")
    .description("decode the pictures once into the file that training maps into memory")
    .argument("<spec>", specForms)
    .option("--classes <names>", "class list to hold it to, separated by commas")
    .option("--out <dir>", "folder for the file; by default where training looks for it")
    .option("--json", "print one JSON object");
  const readPack = addFlags(command, packFlags);
  command.action(async (spec, { classes, out, json, ...values }) => {
    const { parseSource } = await import("../data/sources.js");
    const { packDataset } = await import("../data/pack.js");
    const { cacheDir } = await import("../data/cache.js");
    const { stderrProgress } = await import("../train/progress.js");
    const { parseOptions } = await import("../options.js");
    const { maxSide, ...picture } = parseOptions(packFlags, readPack(values), "data pack");
    const progress = stderrProgress();
    const names = classes?.split(",").map((name: string) => name.trim());
    const dataset = await parseSource(spec).read({ classes: names, picture });
    const start = performance.now();
    const packed = await packDataset(dataset, {
      dir: out ?? join(cacheDir(), "packs"),
      maxSide,
      verify: true,
      onEvent: progress.show.bind(progress),
      signal: interruption(),
    });
    const seconds = (performance.now() - start) / 1000;
    const { path, bytes, decoded, reused, dataset: fitted } = packed;
    const { items, problems } = fitted;
    const picturesPerSecond = items.length / seconds;
    const counts = { items: items.length, bytes, decoded, reused };
    const result = { path, ...counts, problems, seconds, picturesPerSecond };
    printResult(result, { json }, () =>
      [
        ...problems.map(problemLine),
        `${items.length} ${items.length === 1 ? "picture" : "pictures"} in ${path}: ${decoded} decoded, ${reused} there already`,
      ].join("\n"),
    );
  });
}
