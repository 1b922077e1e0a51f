import { mkdtempSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import sharp from "sharp";
import { afterAll, describe, expect, test } from "vitest";
import { labelColour, type Rgb, textColour } from "../../../lib/report/colour.js";
import { type DrawnBox, type DrawOptions, drawDetections } from "../../../lib/report/draw.js";
import { textPath } from "../../../lib/report/font.js";

const WIDTH = 200;
const HEIGHT = 120;
const GREY: Rgb = [128, 128, 128];
const folder = mkdtempSync(join(tmpdir(), "ssd-draw-"));
afterAll(() => rm(folder, { recursive: true }));

const grey = (width = WIDTH, height = HEIGHT) => ({
  data: new Uint8Array(width * height * 3).fill(128),
  width,
  height,
});

const cat = (more: Partial<DrawnBox> = {}): DrawnBox => ({
  label: "cat",
  box: [40, 50, 120, 100],
  kind: "detection",
  score: 0.875,
  ...more,
});

async function pixels(bytes: Buffer) {
  const { data, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true });
  expect(info.channels).toBe(3);
  return {
    ...info,
    at: (x: number, y: number) => [...data.subarray((y * info.width + x) * 3).subarray(0, 3)],
  };
}

const draw = async (boxes: DrawnBox[], options?: DrawOptions) =>
  pixels(await drawDetections(grey(), boxes, options));

describe("drawDetections", () => {
  test("without boxes the picture is as it was", async () => {
    const image = await draw([]);
    expect([image.width, image.height, image.at(0, 0), image.at(199, 119)]).toEqual([
      WIDTH,
      HEIGHT,
      GREY,
      GREY,
    ]);
  });

  test("a detection has its class's colour on the edges, and nothing inside or far away", async () => {
    const image = await draw([cat()]);
    const colour = labelColour("cat");
    // Rows and columns on both sides of an edge are covered by a line of 1.5 pixels, half of it each.
    const near = (pixel: number[]): number =>
      Math.max(...pixel.map((v, i) => Math.abs(v - colour[i]!)));
    for (const [x, y] of [
      [100, 100],
      [40, 80],
      [120, 80],
    ] as const) {
      expect(near(image.at(x, y)), `${x},${y}`).toBeLessThan(90);
      expect(near(image.at(x, y))).toBeLessThan(near([...GREY]));
    }
    expect(image.at(80, 80)).toEqual(GREY);
    expect(image.at(180, 20)).toEqual(GREY);
  });

  test("its tag is filled with the colour above the box, with letters in it", async () => {
    const image = await draw([cat()]);
    const rows = Array.from({ length: 11 }, (_, i) => 37 + i);
    const tag = rows.flatMap((y) =>
      Array.from({ length: 40 }, (_, i) => image.at(42 + i, y).join()),
    );
    expect(tag.filter((pixel) => pixel === labelColour("cat").join()).length).toBeGreaterThan(100);
    expect(
      tag.filter((pixel) => pixel === textColour(labelColour("cat")).join()).length,
    ).toBeGreaterThan(5);
  });

  test("a truth is dashed and its tag is dark, below the box", async () => {
    const image = await draw([cat({ kind: "truth", score: undefined })]);
    const edge = Array.from({ length: 40 }, (_, y) => image.at(40, 55 + y).join());
    expect(new Set(edge).size).toBeGreaterThan(1);
    expect(Math.max(...image.at(43, 103))).toBeLessThan(70);
    expect(image.at(60, 44)).toEqual(GREY);
  });

  test("a tag stays inside the picture", async () => {
    const corners: DrawnBox["box"][] = [
      [0, 0, 30, 30],
      [180, 0, 200, 20],
      [190, 110, 200, 120],
      [0, 100, 9, 120],
    ];
    for (const box of corners) {
      const image = await draw([cat({ box })]);
      let full = 0;
      for (let y = 0; y < HEIGHT; y++) {
        for (let x = 0; x < WIDTH; x++)
          full += Number(image.at(x, y).join() === labelColour("cat").join());
      }
      // The plate of "cat 0.88" is about 45 x 15; letters take a third of it.
      expect(full, box.join()).toBeGreaterThan(350);
    }
  });

  test("tags of two boxes in one place do not cover each other", async () => {
    const image = await draw([cat(), cat({ label: "dog", score: 0.5 })]);
    const seen = new Set<string>();
    for (let y = 0; y < HEIGHT; y++)
      for (let x = 0; x < WIDTH; x++) seen.add(image.at(x, y).join());
    expect(seen).toContain(labelColour("cat").join());
    expect(seen).toContain(labelColour("dog").join());
  });

  test("the line grows with the picture", async () => {
    const large = await pixels(
      await drawDetections(grey(2000, 1200), [cat({ box: [400, 500, 1200, 1000] })]),
    );
    expect(large.at(401, 800)).toEqual([...labelColour("cat")]);
    expect((await draw([cat()])).at(43, 80)).toEqual(GREY);
  });

  test("maxSide shrinks the picture and its boxes; jpeg is a jpeg", async () => {
    const bytes = await drawDetections(grey(), [cat()], { maxSide: 100, format: "jpeg" });
    expect([...bytes.subarray(0, 3)]).toEqual([0xff, 0xd8, 0xff]);
    const image = await pixels(bytes);
    expect([image.width, image.height]).toEqual([100, 60]);
    expect(image.at(20, 40)).not.toEqual(image.at(30, 40));
    expect(
      (await sharp(await drawDetections(grey(), [], { maxSide: 5000 })).metadata()).width,
    ).toBe(WIDTH);
  });

  test("files and bytes are upright and in colour", async () => {
    const file = join(folder, "turned.jpg");
    const bytes = await sharp({
      create: { width: 60, height: 40, channels: 3, background: "#808080" },
    })
      .toColourspace("b-w")
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer();
    await writeFile(file, bytes);
    for (const picture of [file, bytes]) {
      const image = await pixels(await drawDetections(picture, [cat({ box: [5, 25, 35, 55] })]));
      expect([image.width, image.height]).toEqual([40, 60]);
    }
  });

  test("the same boxes give the same bytes", async () => {
    expect(await drawDetections(grey(), [cat()])).toEqual(await drawDetections(grey(), [cat()]));
  });

  test.each([
    ["a missing file", join(folder, "none.jpg"), [], "none.jpg"],
    ["no picture", Buffer.from("text"), [], "picture: expected a picture that can be decoded"],
    [
      "a wrong length",
      { ...grey(), width: 10 },
      [],
      "expected 10 x 120 x 3 bytes of RGB, got 72000",
    ],
    [
      "a box of NaN",
      grey(),
      [cat({ box: [0, Number.NaN, 1, 1] })],
      "box 0 (cat): expected finite corners",
    ],
  ])("%s is refused", async (_name, picture, boxes, message) => {
    const error = await drawDetections(picture, boxes as DrawnBox[]).catch((thrown) => thrown);
    expect(error).toMatchObject({ name: "SsdError", code: "BAD_DATA" });
    expect(error.message).toContain(message);
  });

  test("a truncated jpeg is refused", async () => {
    const noise = await sharp({
      create: {
        width: 300,
        height: 300,
        channels: 3,
        noise: { type: "gaussian", mean: 128, sigma: 60 },
        background: "#000",
      },
    })
      .jpeg()
      .toBuffer();
    const half = noise.subarray(0, noise.length / 2);
    await expect(drawDetections(half, [])).rejects.toMatchObject({ code: "BAD_DATA" });
  });

  test("an unknown option is refused", async () => {
    await expect(drawDetections(grey(), [], { formt: "png" } as object)).rejects.toMatchObject({
      code: "BAD_OPTION",
    });
  });
});

describe("textPath", () => {
  test("every printable character has a glyph of its own; all but the space have lines", () => {
    const printable = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i));
    const paths = printable.map((character) => textPath(character, 8).d);
    expect(new Set(paths).size).toBe(95);
    expect(paths.filter((d) => d === "")).toHaveLength(1);
  });

  test("anything else is a question mark, one a character", () => {
    expect(textPath("é猫😀\n", 10)).toEqual(textPath("????", 10));
  });

  test("width adds up, letters stay in their box, any text is a valid path", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), fc.integer({ min: 4, max: 60 }), (text, height) => {
        const { d, width } = textPath(text, height);
        expect(d).toMatch(/^([MLQ][\d. ]+|h\.01|Z)*$/);
        for (const [, x, y] of d.matchAll(/([\d.]+) ([\d.]+)/g)) {
          expect(Number(x)).toBeLessThanOrEqual(width + 0.01);
          expect(Number(y)).toBeLessThanOrEqual(height * 1.25 + 0.01);
        }
        expect(textPath(`${text}M`, height).width).toBeGreaterThan(width);
      }),
    );
  });
});

describe("labelColour", () => {
  const distance = (a: Rgb, b: Rgb): number => Math.hypot(...a.map((v, i) => v - b[i]!));

  test("a class list gives every class its own colour, far from the others", () => {
    const classes = Array.from({ length: 20 }, (_, i) => `class ${i}`);
    const colours = classes.map((name) => labelColour(name, classes));
    colours.forEach((a, i) => {
      for (const b of colours.slice(i + 1)) expect(distance(a, b)).toBeGreaterThan(25);
    });
  });

  test("a name has one colour, listed or not", () => {
    expect(labelColour("cat")).toEqual(labelColour("cat"));
    expect(labelColour("cat")).not.toEqual(labelColour("dog"));
    expect(labelColour("cat", ["dog"])).toEqual(labelColour("cat"));
    expect(labelColour("cat", ["dog", "cat"])).toEqual(labelColour("cat", ["bird", "cat"]));
  });

  test("text on it is dark on light and white on dark", () => {
    expect(textColour([255, 255, 0])[0]).toBeLessThan(50);
    expect(textColour([0, 0, 160])).toEqual([255, 255, 255]);
  });
});
