import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SsdError } from "../../../lib/errors.js";
import { autoBatch, bytesPerPicture, largest } from "../../../lib/train/auto-batch.js";
import { trainOptions } from "../../../lib/train/options.js";
import { train } from "../../../lib/train/run.js";
import { openSession } from "../../../lib/train/session.js";
import { digests, failure, ownCache, shapes, smallDetector } from "../../support/small.js";

const short = new SsdError("OUT_OF_MEMORY", "expected memory, got none");

describe("the largest that fits", () => {
  test("is found to within a sixteenth, and never more is said to fit than does", async () => {
    const counts = fc.integer({ min: 1, max: 5000 });
    await fc.assert(
      fc.asyncProperty(counts, counts, async (room, limit) => {
        let tries = 0;
        const found = await largest(limit, async (count) => {
          tries++;
          expect(count).toBeLessThanOrEqual(limit);
          return count > room ? short : undefined;
        });
        const best = Math.min(room, limit);
        expect(found).toBeLessThanOrEqual(best);
        expect(best - found).toBeLessThanOrEqual(Math.max(0, found / 16));
        expect(tries).toBeLessThan(20);
      }),
    );
  });

  test("of nothing is what came for one picture", async () => {
    await expect(largest(8, async () => short)).rejects.toBe(short);
  });
});

describe("on a CPU", () => {
  const session = (detector = smallDetector()) => {
    const options = trainOptions.partial({ data: true }).parse({});
    return { detector, native: openSession(detector, options, []) };
  };

  test("it is 16, or what there is, or what half of the free memory holds", async () => {
    const { detector, native } = session();
    const picture = bytesPerPicture(detector);
    expect(await autoBatch(native, detector, 1000, 1e12)).toBe(16);
    expect(await autoBatch(native, detector, 5, 1e12)).toBe(5);
    expect(await autoBatch(native, detector, 1000, 2 * picture * 7.5)).toBe(7);
    expect(await autoBatch(native, detector, 1000, 0)).toBe(1);
    native.dispose();
  });

  test("a probe leaves the detector as it was, and refuses what a step refuses", async () => {
    const { detector, native } = session();
    const before = digests(detector);
    await native.probe(4, 32);
    await expect(native.probe(4, 64)).rejects.toEqual(failure("BAD_OPTION"));
    expect(digests(detector)).toEqual(before);
    native.dispose();
  });

  test("a run takes it, and one that is resumed keeps what it had", async () => {
    const out = `${ownCache()}/run`;
    const data = shapes();
    const options = { data, out, batch: "auto", epochs: 2, threads: 1, valFraction: 0 } as const;
    const run = train(smallDetector(), options);
    for await (const { step } of run) if (step === 1) break;
    expect(await run.done).toMatchObject({ finished: false });
    const steps = (await train(smallDetector(), { ...options, resume: true }).done).steps;
    expect(steps).toBe(2);
  });

  test("what it may be is said", () => {
    const refused = (batch: unknown, ...parts: string[]) =>
      expect(() => train(smallDetector(), { data: shapes(), batch: batch as "auto" })).toThrow(
        failure("BAD_OPTION", 'option "batch"', ...parts),
      );
    refused("most", 'expected a number of pictures or "auto"', 'got "most"');
    refused(0, "expected number to be >0");
    refused(1.5, "got 1.5");
  });
});
