import { expect, test } from "vitest";
import { Detector } from "../../lib/detector.js";
import { evaluate } from "../../lib/evaluate/evaluate.js";
import { engine } from "../../lib/native.js";
import { train } from "../../lib/train/run.js";
import { ownCache, shapeClasses, shapes } from "../support/small.js";

const none = { photometric: false, expand: false, crop: false, mirror: false };

test("a tiny detector learns eight pictures by heart", async () => {
  ownCache();
  engine().setThreads(1);
  const data = shapes({ images: 8, size: 128 });
  const detector = Detector.create("ssd128-tiny", { classes: shapeClasses });
  const before = await evaluate(detector, data);
  const epochs = 100;
  const { history, best } = await train(detector, {
    data,
    val: data,
    epochs,
    batch: 4,
    optimizer: { lr: 0.02 },
    augment: none,
    evalEvery: epochs,
    threads: 1,
  }).done;
  // Far from what is reached (1 and a hundredth of the loss), and farther from what it begins with.
  expect(history.at(-1)!.loss.total).toBeLessThan(0.2 * history[0]!.loss.total);
  expect(before.map).toBeLessThan(0.2);
  expect(best.map).toBeGreaterThan(0.7);
  // What it learned is in the weights, and found through the door for pictures too.
  const { items } = await data.read();
  const { image, truths } = items.find((item) => item.truths.length > 0)!;
  const found = await detector.detect(image, { minScore: 0.3 });
  const labels = new Set(found.map(({ label }) => label));
  for (const { label } of truths) expect([...labels]).toContain(shapeClasses[label]);
  const after = await evaluate(detector, data, { batch: 4 });
  expect(after.map).toBe(best.map);
});
