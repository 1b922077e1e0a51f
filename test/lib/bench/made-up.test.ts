import sharp from "sharp";
import { expect, test } from "vitest";
import { madeUpSize, makeUp } from "../../../lib/bench/made-up.js";
import { temporaryFolder } from "../../support/temporary.js";

test("pictures of the size they say, with boxes inside, and alike each time", async () => {
  const made = await makeUp(temporaryFolder(), 6);
  expect(made.items).toHaveLength(6);
  for (const { image, width, height, truths } of made.items) {
    const { format, ...size } = await sharp(image).metadata();
    expect(format).toBe("jpeg");
    expect(size).toMatchObject({ width, height });
    expect({ width, height }).toEqual(madeUpSize);
    expect(truths.length).toBeGreaterThanOrEqual(1);
    for (const { box } of truths) {
      const [x1, y1, x2, y2] = box;
      expect(Math.min(x1, y1, x2 - x1 - 1, y2 - y1 - 1)).toBeGreaterThanOrEqual(0);
      expect(x2 <= width && y2 <= height).toBe(true);
    }
  }
  const again = await makeUp(temporaryFolder(), 6);
  expect(again.items.map(({ truths }) => truths)).toEqual(made.items.map(({ truths }) => truths));
});

test("where a box says, there is one colour", async () => {
  const { items } = await makeUp(temporaryFolder(), 2);
  for (const { image, truths } of items) {
    // The last was drawn over the others.
    const [x1, y1, x2, y2] = truths.at(-1)!.box;
    const inside = { left: x1 + 8, top: y1 + 8, width: x2 - x1 - 16, height: y2 - y1 - 16 };
    const { channels } = await sharp(await sharp(image).extract(inside).toBuffer()).stats();
    for (const { stdev } of channels) expect(stdev).toBeLessThan(3);
    const whole = await sharp(image).stats();
    expect(whole.channels[0]!.stdev).toBeGreaterThan(3);
  }
});
