import { beforeEach, describe, expect, test } from "vitest";
import type { DataSource, Truth } from "../../../lib/data/dataset.js";
import { openLoader, openPictures } from "../../../lib/data/loader.js";
import { voc } from "../../../lib/data/voc.js";
import { Detector } from "../../../lib/detector.js";
import { SsdError } from "../../../lib/errors.js";
import { averagePrecision } from "../../../lib/evaluate/average-precision.js";
import { evaluate, samplePictures, truthsOf } from "../../../lib/evaluate/evaluate.js";
import { ops } from "../../../lib/ops.js";
import { Tensor } from "../../../lib/tensor.js";
import {
  failure,
  ownCache,
  shapeClasses,
  shapes,
  small,
  smallDetector,
} from "../../support/small.js";
import { temporaryFolder } from "../../support/temporary.js";
import { cat, dog, vocXml, writeDevkit } from "../../support/voc.js";

beforeEach(() => {
  ownCache();
});

async function pets(): Promise<DataSource> {
  const content = { a: [cat, { ...dog, difficult: 1 }], b: [], c: [cat, cat] };
  return voc(await writeDevkit(temporaryFolder(), content));
}

function petDetector(): Detector {
  return Detector.create(small, { classes: ["dog", "cat", "bird"] });
}

describe("an evaluation", () => {
  test("tells every class in the detector's order, with the truths that count", async () => {
    const { classes, map } = await evaluate(petDetector(), await pets());
    expect(classes.map(({ name, truths }) => [name, truths])).toEqual([
      ["dog", 0],
      ["cat", 3],
      ["bird", 0],
    ]);
    // Classes without truths have no precision, and no part in the mean.
    expect(classes.filter(({ ap }) => Number.isNaN(ap)).map(({ name }) => name)).toEqual([
      "dog",
      "bird",
    ]);
    expect(map).toBe(classes[1]!.ap);
  });

  test("tells the data how pictures are to be decoded", async () => {
    const dir = await writeDevkit(temporaryFolder(), { a: vocXml([cat]) });
    const options = { picture: { maxPixels: 1199 } };
    await expect(evaluate(petDetector(), voc(dir), options)).rejects.toThrow(
      /a\.jpg: .*at most 1199 pixels \(maxPixels\), got 40x30/,
    );
  });

  test("decodes with the preset's bound of sides, unless another is given", async () => {
    const data = shapes();
    const variances: [number, number] = [0.1, 50];
    const found = async (coderClip: number | null, detect = {}) =>
      (await evaluate(smallDetector(1, { variances, coderClip }), data, { detect })).detections;
    const tame = await found(0);
    expect(await found(null)).not.toEqual(tame);
    expect(await found(null, { coderClip: 0 })).toEqual(tame);
  });

  test("is of the pictures as they are, whatever they were shrunk to and wherever kept", async () => {
    const data = shapes();
    const dataset = await data.read({ classes: shapeClasses });
    const maxSide = 16;
    const truths = truthsOf(await openPictures(dataset));
    expect(truthsOf(await openPictures(dataset, { maxSide }))).toEqual(truths);
    const whole = await evaluate(smallDetector(), data);
    const shrunk = await evaluate(smallDetector(), data, { maxSide });
    const most = Math.max(...shrunk.detections.flatMap(({ boxes }) => boxes as number[][]).flat());
    expect(most).toBeGreaterThan(2 * maxSide);
    expect(shrunk.loss).not.toEqual(whole.loss);
    for (const cache of ["ram", "none"] as const) {
      const { msPerPicture: _, ...kept } = await evaluate(smallDetector(), data, {
        maxSide,
        cache,
      });
      const { msPerPicture: __, ...packed } = shrunk;
      expect(kept).toEqual(packed);
    }
    await expect(evaluate(smallDetector(), data, { cache: "gpu" })).rejects.toEqual(
      failure("BAD_OPTION", '"cache"', "on the CPU"),
    );
  });

  test("is the average precision of its own detections, picture by picture", async () => {
    const data = shapes();
    const { map, classes, detections, msPerPicture } = await evaluate(smallDetector(), data);
    expect(detections).toHaveLength(12);
    expect(msPerPicture).toBeGreaterThan(0);
    const truths = truthsOf(await openPictures(await data.read({ classes: shapeClasses })));
    const scored = averagePrecision(detections, truths, { protocol: "voc", iou: 0.5 });
    expect(map).toBe(scored.map);
    for (const { label, ap, truths } of scored.classes) {
      expect(classes[label]).toEqual({ name: shapeClasses[label], ap, truths });
    }
    const { items } = await data.read();
    for (const [i, { boxes }] of detections.entries()) {
      const { width, height } = items[i]!;
      for (const [x1, y1, x2, y2] of boxes as number[][]) {
        expect(Math.min(x1!, y1!)).toBeGreaterThanOrEqual(0);
        expect(x2).toBeLessThanOrEqual(width);
        expect(y2).toBeLessThanOrEqual(height);
      }
    }
  });

  test("by COCO's protocol has its twelve numbers, with the data's crowds and areas", async () => {
    const data = shapes();
    const mark = (truth: Truth, i: number): Truth =>
      i === 0 ? { ...truth, crowd: true } : { ...truth, area: 100 * 100 };
    const marked: DataSource = {
      spec: data.spec,
      read: async (options) => {
        const dataset = await data.read(options);
        const items = dataset.items.map((item) => ({ ...item, truths: item.truths.map(mark) }));
        return { ...dataset, items };
      },
    };
    const detector = smallDetector();
    const found = await evaluate(detector, marked, { protocol: "coco" });
    const { items } = await data.read({ classes: shapeClasses });
    const truths = items.map(({ truths: list }) => ({
      boxes: list.map(({ box }) => box),
      labels: list.map(({ label }) => label),
      crowd: list.map((_, i) => i === 0),
      area: list.map(() => 100 * 100),
    }));
    const { classes, ...numbers } = averagePrecision(found.detections, truths, {
      protocol: "coco",
    });
    expect(found).toMatchObject(numbers);
    expect(found.map).toBe(found.AP);
    // All that counts is large, whatever its box; crowds do not count.
    expect([found.APs, found.APm]).toEqual([-1, -1]);
    expect(found.APl).toBeGreaterThanOrEqual(0);
    const counted = items.reduce((sum, { truths: list }) => sum + Math.max(0, list.length - 1), 0);
    expect(found.classes.reduce((sum, row) => sum + row.truths, 0)).toBe(counted);
    // Without marks the boxes' own areas count.
    expect((await evaluate(detector, data, { protocol: "coco" })).APl).toBe(-1);
    expect(await evaluate(detector, data)).not.toHaveProperty("AP");
  });

  test("finds the class that its weights are sure of", async () => {
    const detector = Detector.create(small, { classes: ["cat"] });
    const bias = detector.stateDict()["conf.0.bias"]!;
    const sure = Float32Array.from({ length: bias.shape[0]! }, (_, i) => (i % 2 === 0 ? -9 : 9));
    detector.native.assign("conf.0.bias", sure);
    const content = { a: [{ ...cat, box: [1, 1, 10, 7] }] };
    const data = voc(await writeDevkit(temporaryFolder(), content));
    const { detections, classes } = await evaluate(detector, data, { detect: { minScore: 0.5 } });
    expect(detections[0]!.labels.length).toBeGreaterThan(0);
    expect(new Set(Array.from(detections[0]!.labels))).toEqual(new Set([0]));
    expect(classes[0]!.truths).toBe(1);
  });

  test("the losses are the mean of the batches' own", async () => {
    const detector = smallDetector();
    const data = shapes();
    const { loss } = await evaluate(detector, data, { batch: 4 });
    const pack = await openPictures(await data.read({ classes: shapeClasses }));
    const options = { batch: 4, workers: 1, seed: 0, augment: null };
    const loader = openLoader(pack, small, options);
    loader.start(
      0,
      Uint32Array.from({ length: 12 }, (_, i) => i),
      0,
    );
    const own = { conf: 0, loc: 0 };
    for (let i = 0; i < 3; i++) {
      const { images, targets } = await loader.next();
      const output = detector.forward(new Tensor(images));
      const { conf, loc } = ops.multiboxLoss(output, targets, detector.priors);
      own.conf += conf / 3;
      own.loc += loc / 3;
    }
    expect(loss.conf).toBeCloseTo(own.conf, 5);
    expect(loss.loc).toBeCloseTo(own.loc, 5);
    loader.dispose();
  });

  test("does not depend on the batch, and leaves the detector alone", async () => {
    const detector = smallDetector();
    const data = shapes();
    const whole = await evaluate(detector, data, { batch: 12 });
    const single = await evaluate(detector, data, { batch: 5, workers: 2 });
    expect(single.map).toBeCloseTo(whole.map, 6);
    expect(single.detections).toHaveLength(12);
    const again = await evaluate(detector, data, { batch: 12 });
    expect(again.detections).toEqual(whole.detections);
  });
});

describe("options", () => {
  test("limit, protocol and progress", async () => {
    const data = shapes();
    const told: [number, number][] = [];
    const { detections } = await evaluate(smallDetector(), data, {
      limit: 5,
      batch: 2,
      protocol: "voc11",
      onProgress: (done, total) => told.push([done, total]),
    });
    expect(detections).toHaveLength(5);
    expect(told).toEqual([
      [1, 3],
      [2, 3],
      [3, 3],
    ]);
  });

  const wrong: [string, object, string][] = [
    ["a misspelled one", { protokol: "voc" }, 'did you mean "protocol"?'],
    ["one inside", { detect: { topk: 3 } }, 'did you mean "topK"?'],
    ["an IoU of 0", { iou: 0 }, '"iou"'],
    ["an IoU for COCO", { protocol: "coco", iou: 0.5 }, 'no "iou" with protocol "coco"'],
    ["a batch of none", { batch: 0 }, '"batch"'],
  ];
  test.each(wrong)("%s is one sentence", async (_what, options, part) => {
    await expect(evaluate(smallDetector(), shapes(), options)).rejects.toEqual(
      failure("BAD_OPTION", "evaluate options", part),
    );
  });
});

describe("failures", () => {
  test("a class that the detector lacks names file and object", async () => {
    const detector = Detector.create(small, { classes: ["dog"] });
    await expect(evaluate(detector, await pets())).rejects.toEqual(
      failure("BAD_DATA", "a.xml", "object 0", '"cat"'),
    );
  });

  test("stopped by a signal it is CANCELLED, or what the signal says", async () => {
    const stop = new AbortController();
    const onProgress = (done: number) => {
      if (done === 2) stop.abort();
    };
    const options = { batch: 1, signal: stop.signal, onProgress };
    await expect(evaluate(smallDetector(), shapes(), options)).rejects.toEqual(
      failure("CANCELLED", "2 of 12 batches"),
    );
    const signal = AbortSignal.abort(new SsdError("CANCELLED", "stopped by SIGINT"));
    await expect(evaluate(smallDetector(), shapes(), { signal })).rejects.toEqual(
      failure("CANCELLED", "stopped by SIGINT"),
    );
  });
});

test("sample pictures are few, different, sorted, and the same every time", () => {
  const chosen = samplePictures(4, 20);
  expect(chosen).toHaveLength(4);
  expect(new Set(chosen).size).toBe(4);
  expect([...chosen].sort((a, b) => a - b)).toEqual(chosen);
  expect(samplePictures(4, 20)).toEqual(chosen);
  expect(samplePictures(9, 3)).toEqual([0, 1, 2]);
});
