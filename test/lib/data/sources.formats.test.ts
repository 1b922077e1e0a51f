import { readFileSync, symlinkSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Box, Dataset, Truth } from "../../../lib/data/dataset.js";
import { parseSource } from "../../../lib/data/sources.js";
import { averagePrecision } from "../../../lib/evaluate/average-precision.js";
import { hasData, onRealData, realData } from "../../support/data.js";
import { temporaryFolder } from "../../support/temporary.js";
import { vocSample } from "../evaluate/cases.js";

const database = (...parts: string[]) =>
  realData("voc2012_sample100", "data", "database", ...parts);
const names = (...parts: string[]) =>
  readFileSync(database(...parts), "utf8")
    .trim()
    .split(/\s+/);

/** Pictures and annotations beside each other, as each form wants them. */
async function laidOut(): Promise<Record<"voc" | "coco1" | "coco2" | "yolo", string>> {
  const folder = temporaryFolder();
  const link = async (from: string, ...to: string[]) => {
    await mkdir(join(folder, ...to.slice(0, -1)), { recursive: true });
    symlinkSync(from, join(folder, ...to));
  };
  await link(database("images"), "voc", "JPEGImages");
  await link(database("gts", "pascalvoc_format"), "voc", "Annotations");
  await link(database("images"), "yolo", "images", "train");
  await link(database("gts", "yolo_format", "obj_train_data"), "yolo", "labels", "train");
  const list = names("gts", "yolo_format", "obj.names").map((name) => `  - ${name}\n`);
  await writeFile(
    join(folder, "yolo", "data.yaml"),
    `train: images/train\nnames:\n${list.join("")}`,
  );
  const json = (...parts: string[]) =>
    `coco:${database("images")},${database("gts", ...parts)}?origin=1`;
  return {
    voc: `voc:${join(folder, "voc")}`,
    coco1: json("coco_format_v1", "instances_default.json"),
    coco2: json("coco_format_v2", "instances_v2.json"),
    yolo: `yolo:${join(folder, "yolo", "data.yaml")}`,
  };
}

const order = (a: Truth, b: Truth) =>
  a.label - b.label ||
  a.box.reduce((found, v, i) => found || Math.round(v) - Math.round(b.box[i]!), 0);

/** Truths by picture, in one order whatever the file's. */
function truthsOf({ items }: Dataset): Map<string, Truth[]> {
  return new Map(items.map(({ id, truths }) => [id, [...truths].sort(order)]));
}

const moved = (box: readonly number[], by: number) => box.map((corner) => corner + by) as Box;

describe.skipIf(!hasData("voc2012_sample100"))(onRealData("voc2012_sample100"), () => {
  const classes = hasData("voc2012_sample100") ? names("voc.names") : [];

  test("VOC, COCO and YOLO give the same boxes, labels and sizes", async () => {
    const specs = await laidOut();
    const read = (spec: string) => parseSource(spec).read({ classes });
    const data = await read(specs.voc);
    const expected = truthsOf(data);
    expect([...expected.values()].flat()).toHaveLength(273);
    expect(data.problems).toEqual([]);
    for (const form of ["coco1", "coco2"] as const) {
      const coco = await read(specs[form]);
      expect(coco.problems, form).toEqual([]);
      expect(coco.items.map(({ id, width, height }) => `${id} ${width}x${height}`).sort()).toEqual(
        data.items.map(({ id, width, height }) => `${id} ${width}x${height}`).sort(),
      );
      for (const [id, truths] of truthsOf(coco)) {
        const plain = truths.map(({ label, box }) => ({ label, box }));
        expect(plain, `${form} ${id}`).toEqual(
          expected.get(id)!.map(({ label, box }) => ({ label, box })),
        );
      }
    }
    const yolo = await read(specs.yolo);
    expect(yolo.problems).toEqual([]);
    for (const [id, truths] of truthsOf(yolo)) {
      const { width, height } = yolo.items.find((item) => item.id === id)!;
      const known = expected.get(id)!;
      expect(truths.map(({ label }) => label)).toEqual(known.map(({ label }) => label));
      truths.forEach(({ box }, i) => {
        // Six digits of the centre and of half a side; the corners count from 1 there too.
        const within = 0.76e-6 * Math.max(width, height);
        moved(box, -1).forEach((corner, k) => {
          expect(Math.abs(corner - known[i]!.box[k]!), `${id} ${i}`).toBeLessThanOrEqual(within);
        });
      });
    }
  });

  test("the same average precision of the stored detections, and the published one", async () => {
    const specs = await laidOut();
    // In the order of the pictures' names, and in the frame of the files, whose corners count from 1.
    const { detections, truths: stored } = vocSample();
    const ids = names("gts", "imagenet_format", "ImageSets", "Main", "default.txt").sort();
    const score = async (spec: string, by: number, difficult: boolean) => {
      const found = truthsOf(await parseSource(spec).read({ classes }));
      const truths = ids.map((id, i) => {
        const list = found.get(id)!;
        expect(list).toHaveLength(stored[i]!.labels.length);
        return {
          boxes: list.map(({ box }) => moved(box, by)),
          labels: list.map(({ label }) => label),
          // Only VOC's files say what is difficult.
          ...(difficult ? { difficult: list.map((truth) => truth.difficult) } : {}),
        };
      });
      return averagePrecision(detections, truths).map;
    };
    const plain = stored.map(({ boxes, labels }) => ({ boxes, labels }));
    const published = averagePrecision(detections, stored).map;
    const counted = averagePrecision(detections, plain).map;
    expect(await score(specs.voc, 1, true)).toBeCloseTo(published, 12);
    expect(await score(specs.voc, 1, false)).toBe(counted);
    expect(await score(specs.coco1, 1, false)).toBe(counted);
    expect(await score(specs.coco2, 1, false)).toBe(counted);
    expect(await score(specs.yolo, 0, false)).toBeCloseTo(counted, 6);
  });

  test("without a class list: categories by id, names by number", async () => {
    const specs = await laidOut();
    const read = async (spec: string) => (await parseSource(spec).read({ limit: 1 })).classes;
    expect((await read(specs.coco1)).slice(0, 3)).toEqual(["person", "cat", "boat"]);
    expect((await read(specs.coco2)).slice(0, 3)).toEqual(["person", "aeroplane", "tvmonitor"]);
    expect(await read(specs.yolo)).toEqual(names("gts", "yolo_format", "obj.names"));
  });
});
