import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { toPixels } from "../../lib/detector.js";
import { failure, numbers, shapeClasses, smallDetector } from "../support/small.js";
import { temporaryFolder } from "../support/temporary.js";
import { picture } from "../support/voc.js";

/** A picture of 50x30 as a file, and decoded. */
async function pictured() {
  const file = join(temporaryFolder(), "a.png");
  const bytes = await picture(file, 50, 30);
  await writeFile(file, bytes);
  const data = new Uint8Array(await sharp(bytes).removeAlpha().raw().toBuffer());
  return { file, bytes, decoded: { data, width: 50, height: 30 } };
}

// Fresh weights find something everywhere when nothing is asked of the score.
const everything = { minScore: 0, iou: 1, maxDetections: 10_000 };

describe("what is found", () => {
  test("lies inside the picture, in pixels, best score first", async () => {
    const { file } = await pictured();
    const found = await smallDetector().detect(file, everything);
    expect(found.length).toBeGreaterThan(80);
    for (const [i, { label, score, box }] of found.entries()) {
      const [x1, y1, x2, y2] = box;
      expect(shapeClasses).toContain(label);
      expect(score).toBeGreaterThan(0);
      expect(score).toBeLessThanOrEqual(i === 0 ? 1 : found[i - 1]!.score);
      expect(Math.min(x1, y1)).toBeGreaterThanOrEqual(0);
      expect(x2).toBeLessThanOrEqual(50);
      expect(y2).toBeLessThanOrEqual(30);
      expect(x2 >= x1 && y2 >= y1).toBe(true);
    }
    expect(Math.max(...found.map(({ box }) => box[2]))).toBeGreaterThan(30);
  });

  test("is the same of a file, its bytes and its pixels", async () => {
    const { file, bytes, decoded } = await pictured();
    const detector = smallDetector();
    const found = await detector.detect(file, everything);
    expect(await detector.detect(bytes, everything)).toEqual(found);
    expect(await detector.detect(new Uint8Array(bytes), everything)).toEqual(found);
    expect(await detector.detect(decoded, everything)).toEqual(found);
  });

  test("reaches the lowest score, which is 0.5 unless another is given", async () => {
    const { decoded } = await pictured();
    const detector = smallDetector();
    const all = await detector.detect(decoded, everything);
    const half = all[Math.floor(all.length / 2)]!.score;
    const better = await detector.detect(decoded, { ...everything, minScore: half });
    expect(better).toEqual(all.filter(({ score }) => score >= half));
    const { minScore: _, ...rest } = everything;
    const usual = all.filter(({ score }) => score >= 0.5);
    expect(await detector.detect(decoded, rest)).toEqual(usual);
    expect(await detector.detect(decoded, { ...rest, minScore: undefined })).toEqual(usual);
    expect(await detector.detect(decoded, { minScore: 1 })).toEqual([]);
  });

  test("is no more than was asked for, and no two of a class overlap more", async () => {
    const { decoded } = await pictured();
    const detector = smallDetector();
    const all = await detector.detect(decoded, { minScore: 0 });
    expect(all.length).toBeLessThanOrEqual(200);
    const few = await detector.detect(decoded, { minScore: 0, maxDetections: 7 });
    expect(few).toEqual(all.slice(0, 7));
    const one = await detector.detect(decoded, { minScore: 0, topK: 1 });
    expect(one.map(({ label }) => label).sort()).toEqual(shapeClasses);
  });

  test("grows no side over the preset's bound, unless another is given", async () => {
    const { decoded } = await pictured();
    // Offsets of a fresh network make large boxes when their variance is large.
    const variances: [number, number] = [0.1, 50];
    const free = smallDetector(1, { variances });
    const bound = smallDetector(1, { variances, coderClip: 0 });
    const [wild, tame] = [free, bound].map((detector) => detector.detect(decoded, everything));
    expect(await tame).not.toEqual(await wild);
    expect(await free.detect(decoded, { ...everything, coderClip: 0 })).toEqual(await tame);
    expect(await bound.detect(decoded, { ...everything, coderClip: null })).toEqual(await wild);
    const widest = (found: Awaited<typeof wild>) =>
      Math.max(...found!.map(({ box }) => box[2] - box[0]));
    const prior = Math.max(...numbers(bound.priors).filter((_, i) => i % 4 === 2));
    expect(widest(await tame)).toBeLessThanOrEqual(prior * 50 + 1e-4);
    expect(widest(await wild)).toBeGreaterThan(prior * 50);
  });

  test("detections asked for at the same time do not mix", async () => {
    const { decoded } = await pictured();
    const [one, two] = [smallDetector(1), smallDetector(2)];
    const alone = [await one.detect(decoded, everything), await two.detect(decoded, everything)];
    const together = await Promise.all([
      one.detect(decoded, everything),
      two.detect(decoded, everything),
      one.detect(decoded, everything),
    ]);
    expect(together).toEqual([...alone, alone[0]]);
  });
});

describe("what cannot be looked at", () => {
  test("a file that is not there, that is none, and bytes of nothing", async () => {
    const detector = smallDetector();
    const none = join(temporaryFolder(), "none.jpg");
    await expect(detector.detect(none)).rejects.toEqual(failure("BAD_DATA", none));
    await writeFile(none, "text");
    await expect(detector.detect(none)).rejects.toEqual(failure("BAD_DATA", none));
    await expect(detector.detect(new Uint8Array(9))).rejects.toEqual(
      failure("BAD_DATA", "picture"),
    );
  });

  test("pixels of another number than their size tells", async () => {
    const detector = smallDetector();
    for (const [width, height] of [
      [2, 3],
      [0, 0],
      [-2, -2],
      [4, 1.5],
    ] as const) {
      const pixels = { data: new Uint8Array(12), width, height };
      await expect(detector.detect(pixels)).rejects.toEqual(failure("BAD_DATA", "got 12"));
    }
  });

  test("an option misspelled", async () => {
    const { decoded } = await pictured();
    const options = { minscore: 0.5 } as object;
    await expect(smallDetector().detect(decoded, options)).rejects.toEqual(
      failure("BAD_OPTION", "detect options", 'did you mean "minScore"?'),
    );
  });
});

test("relative corners become pixels of the picture", () => {
  const relative = fc.float32Array({ minLength: 4, maxLength: 4, min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(relative, fc.integer({ min: 1, max: 4000 }), (corners, width) => {
      const boxes = Float32Array.of(9, 9, 9, 9, ...corners);
      const [x1, y1, x2, y2] = toPixels(boxes, 1, { width, height: 2 * width });
      expect([x1, x2]).toEqual([corners[0]! * width, corners[2]! * width]);
      expect([y1, y2]).toEqual([corners[1]! * 2 * width, corners[3]! * 2 * width]);
    }),
  );
});
