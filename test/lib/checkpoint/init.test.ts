import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { initFrom } from "../../../lib/checkpoint/init.js";
import { writeSafetensors } from "../../../lib/checkpoint/safetensors.js";
import { storedTensors } from "../../../lib/checkpoint/store.js";
import { Detector } from "../../../lib/detector.js";
import { digests, failure, shapeClasses, small, smallDetector } from "../../support/small.js";
import { temporaryFolder } from "../../support/temporary.js";

/** A file of a detector's tensors, renamed (a name that becomes empty is left out). */
async function renamed(detector: Detector, rename: (name: string) => string): Promise<string> {
  const file = join(temporaryFolder(), "w.safetensors");
  const tensors = storedTensors(detector.native).map((t) => ({ ...t, name: rename(t.name) }));
  await writeSafetensors(
    file,
    tensors.filter(({ name }) => name !== ""),
    {},
  );
  return file;
}

describe("a backbone of the field", () => {
  test("named as timm names it goes to its places; the rest stays", async () => {
    const source = Detector.create("ssd300-mobilenetv2", { classes: ["a"], seed: 5 });
    // Stem, first block and head of timm's mobilenetv2_100, and a classifier.
    const names: Record<string, string> = {
      "features.0.0.weight": "conv_stem.weight",
      "features.0.1.weight": "bn1.weight",
      "features.1.conv.1.weight": "blocks.0.0.conv_pw.weight",
      "features.2.conv.3.running_var": "blocks.1.0.bn3.running_var",
      "features.18.0.weight": "conv_head.weight",
      "loc.0.1.bias": "classifier.bias",
    };
    const file = await renamed(source, (name) => names[name] ?? "");
    const detector = Detector.create("ssd300-mobilenetv2", { classes: ["a"], seed: 6 });
    const report = await initFrom(detector.native, detector.preset, file);
    expect(report).toMatchObject({ file, format: "safetensors", layout: "timm", wrapper: "" });
    const loaded = Object.keys(names).filter((name) => name.startsWith("features"));
    expect(report.loaded).toEqual(loaded);
    expect(report.unexpected).toEqual(["classifier.bias"]);
    expect(report.missing).toHaveLength(detector.native.names().length - loaded.length);
    const [now, from] = [digests(detector), digests(source)];
    for (const name of loaded) expect(now[name], name).toBe(from[name]);
  });

  test("inside another model it is found by what stands before it", async () => {
    const source = Detector.create("ssd300-mobilenetv2", { classes: ["a"], seed: 5 });
    const file = await renamed(source, (name) =>
      name.startsWith("features.") ? `net.backbone.${name}` : "",
    );
    const detector = Detector.create("ssd300-mobilenetv2", { classes: ["a"], seed: 6 });
    const report = await initFrom(detector.native, detector.preset, file);
    expect(report.wrapper).toBe("net.backbone.");
    expect(report.loaded.every((name) => name.startsWith("features."))).toBe(true);
    expect(report.missing.some((name) => name.startsWith("features."))).toBe(false);
  });
});

test("a detector of ours, saved by the names of another code base, goes back in", async () => {
  const source = Detector.create("ssd300-mobilenetv2-bubbliiiing", { classes: ["a"], seed: 5 });
  const file = join(temporaryFolder(), "w.safetensors");
  await source.save(file, { layout: "bubbliiiing" });
  const detector = Detector.create("ssd300-mobilenetv2-bubbliiiing", { classes: ["a"], seed: 6 });
  const report = await initFrom(detector.native, detector.preset, file);
  expect([report.layout, report.missing, report.unexpected]).toEqual(["bubbliiiing", [], []]);
  expect(digests(detector)).toEqual(digests(source));
});

test("nothing that fits is an error, and the detector stays as it was", async () => {
  const file = await renamed(smallDetector(1), (name) => `x${name}`);
  const detector = smallDetector(0);
  await expect(initFrom(detector.native, small, file)).rejects.toEqual(
    failure("BAD_CHECKPOINT", file, "of small", "stages.0.0.0.weight", "xstages.0.0.0.weight"),
  );
  expect(digests(detector)).toEqual(digests(smallDetector(0)));
  expect(detector.classes).toEqual(shapeClasses);
});
