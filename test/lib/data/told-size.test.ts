import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { expect, test } from "vitest";
import type { Box } from "../../../lib/data/dataset.js";
import { defaultPicture } from "../../../lib/data/picture-options.js";
import { toldSize } from "../../../lib/data/told-size.js";
import { temporaryFolder } from "../../support/temporary.js";
import { picture } from "../../support/voc.js";

const stored = { width: 40, height: 30 };
const upright = { width: 30, height: 40 };
const inside: Box = [1, 1, 9, 9];
/** Outside of any size that is told: the header is asked. */
const outside: Box = [1, 1, 99, 99];

async function turned(): Promise<string> {
  const file = join(temporaryFolder(), "a.jpg");
  await writeFile(
    file,
    await sharp(await picture("a.jpg"))
      .withMetadata({ orientation: 6 })
      .toBuffer(),
  );
  return file;
}

test("a size that holds its boxes is believed, and the picture not opened", async () => {
  const size = { width: 10, height: 10 };
  const told = await toldSize(size, [inside], "/none.jpg", "a.xml", defaultPicture);
  expect(told).toEqual({ size, mismatch: undefined });
});

test.each([
  ["auto", stored, stored],
  ["auto", upright, upright],
  ["apply", upright, upright],
  ["apply", stored, undefined],
  ["ignore", stored, stored],
  ["ignore", upright, undefined],
] as const)("with exif %s, %j", async (exif, told, expected) => {
  const decoded = exif === "ignore" ? stored : upright;
  const options = { ...defaultPicture, exif };
  expect(await toldSize(undefined, [outside], await turned(), "a.xml", options)).toEqual({
    size: decoded,
    mismatch: undefined,
  });
  const found = await toldSize(told, [outside], await turned(), "a.xml", options);
  const { width, height } = decoded;
  const mismatch = `expected the picture's size ${width}x${height}, got ${told.width}x${told.height}`;
  expect(found).toEqual(
    expected ? { size: expected, mismatch: undefined } : { size: decoded, mismatch },
  );
});

test("only where nothing else tells the size, an unreadable picture is a problem", async () => {
  const ask = (size?: typeof stored) =>
    toldSize(size, [outside], "/none.jpg", "a.xml", defaultPicture);
  expect(await ask(stored)).toEqual({ size: stored, mismatch: undefined });
  await expect(ask()).rejects.toMatchObject({ kind: "unreadable-picture", file: "/none.jpg" });
});
