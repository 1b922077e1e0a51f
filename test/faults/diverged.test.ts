import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { train } from "../../lib/train/run.js";
import { cli } from "../support/cli.js";
import { digests, engineEnv, failure, ownCache, shapes, smallDetector } from "../support/small.js";
import { temporaryFolder } from "../support/temporary.js";

beforeEach(() => {
  ownCache();
});

/** A rate that no weight survives. */
const rate = { name: "sgd" as const, lr: 1e30 };

test("a run that diverges names the files of the batch and leaves the student as the last step did", async () => {
  const options = { data: shapes(), batch: 2, valFraction: 0, threads: 1, schedule: { warmup: 0 } };
  const whole = smallDetector();
  const stopped = train(whole, { ...options, optimizer: rate, epochs: 5 });
  const seen: number[] = [];
  const reading = (async () => {
    for await (const { step, loss } of stopped) {
      seen.push(step);
      expect(Number.isFinite(loss.total)).toBe(true);
    }
  })();
  const pictures = ["a finite", "no weight was changed", "; the pictures were ", ".jpg, "];
  await expect(reading).rejects.toEqual(failure("DIVERGED", ...pictures));
  expect(seen.length).toBeGreaterThan(0);
  // The weights are those after the steps that were whole.
  const other = smallDetector();
  const again = train(other, { ...options, optimizer: rate, epochs: 5 });
  await expect(again.done).rejects.toEqual(failure("DIVERGED"));
  expect(digests(other)).toEqual(digests(whole));
});

test("on the command line it ends with 5", () => {
  const [dir, out] = [join(temporaryFolder(), "shapes"), temporaryFolder()];
  const words = "--model ssd128-tiny --epochs 5 --batch 2 --optimizer sgd --lr 1e30 --warmup 0";
  const data = ["--data", `synthetic:shapes?images=6&size=64&dir=${dir}`, "--threads", "1"];
  const { code, err } = cli(["train", ...data, ...words.split(" "), "--out", out], engineEnv());
  expect(code).toBe(5);
  expect(err).toMatch(/ssd-distill: expected a finite .*; the pictures were .*\.jpg/);
});
