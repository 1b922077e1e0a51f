import { readFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { beforeEach, expect, test } from "vitest";
import { openPictures } from "../../../lib/data/loader.js";
import { evaluate } from "../../../lib/evaluate/evaluate.js";
import { drawSamples, modelRow, runCurve, versions } from "../../../lib/train/report.js";
import { train } from "../../../lib/train/run.js";
import { ownCache, shapeClasses, shapes, smallDetector } from "../../support/small.js";
import { temporaryFolder } from "../../support/temporary.js";

beforeEach(() => {
  ownCache();
});

test("a model's row tells its size, and its quality when it was measured", async () => {
  const detector = smallDetector();
  const { parameters } = detector;
  const bare = { name: "student", preset: "small", parameters, sizeMb: (parameters * 4) / 1e6 };
  expect(modelRow("student", detector)).toEqual(bare);
  const evaluation = await evaluate(detector, shapes());
  const { map, classes, msPerPicture } = evaluation;
  expect(modelRow("student", detector, evaluation)).toEqual({
    ...bare,
    map,
    classes,
    msPerPicture,
  });
});

test("a curve has every epoch, and of the validation what there was", async () => {
  const options = { data: shapes(), epochs: 3, batch: 4, evalEvery: 2, threads: 1 };
  const { history } = await train(smallDetector(), options).done;
  const { name, epochs } = runCurve("student", history);
  expect(name).toBe("student");
  expect(epochs.map(({ epoch, map }) => [epoch, map !== undefined])).toEqual([
    [1, false],
    [2, true],
    [3, true],
  ]);
  for (const [i, { loss, val, lr }] of epochs.entries()) {
    expect([loss, lr]).toEqual([history[i]!.loss, history[i]!.lr]);
    expect(val).toBe(history[i]!.val?.total);
  }
});

test("samples are pictures with what is in them and what was found", async () => {
  const data = shapes();
  const detector = smallDetector();
  const pack = await openPictures(await data.read({ classes: shapeClasses }));
  const samples = await drawSamples(detector, pack, await evaluate(detector, data));
  expect(samples).toHaveLength(8);
  const ids = pack.dataset.items.map(({ id }) => id);
  for (const { caption, image } of samples) {
    expect(ids).toContain(caption);
    expect((await sharp(image).metadata()).format).toBe("jpeg");
  }
  // The same pictures for another model, so that the two can be looked at side by side.
  const others = await drawSamples(smallDetector(1), pack, await evaluate(smallDetector(1), data));
  expect(others.map(({ caption }) => caption)).toEqual(samples.map(({ caption }) => caption));
});

test("the report of a distilled run shows teacher and student, and says what made it", async () => {
  const out = temporaryFolder();
  const distill = { teacher: smallDetector(1, { name: "big" }) };
  const options = { data: shapes(), epochs: 1, batch: 4, threads: 1, distill, out };
  const { best } = await train(smallDetector(), options).done;
  const html = await readFile(join(out, "report.html"), "utf8");
  for (const text of [
    "Distilled small",
    "student + KD",
    "teacher",
    "big",
    "11 pictures to train",
  ]) {
    expect(html).toContain(text);
  }
  expect(html).toContain(`best mAP in epoch ${best.epoch}`);
  expect(html).toContain(versions().libtorch);
  expect(versions()).toMatchObject({ node: process.versions.node });
});

test("the report of a run without validation claims no best", async () => {
  const out = temporaryFolder();
  const options = { data: shapes(), valFraction: 0, epochs: 1, threads: 1, out };
  await train(smallDetector(), options).done;
  const html = await readFile(join(out, "report.html"), "utf8");
  expect(html).toContain("Trained small");
  expect(html).not.toContain("best mAP");
});
