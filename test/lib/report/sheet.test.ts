import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { labelColour } from "../../../lib/report/colour.js";
import { contactSheet, type SheetCell, type SheetOptions } from "../../../lib/report/sheet.js";

type Pixel = [number, number, number];

const plain = (width: number, height: number, value = 128) => ({
  data: new Uint8Array(width * height * 3).fill(value),
  width,
  height,
});

const cell = (more: Partial<SheetCell> = {}): SheetCell => ({
  picture: plain(100, 100),
  boxes: [],
  caption: "a.jpg",
  ...more,
});

async function sheet(cells: Parameters<typeof contactSheet>[0], options?: SheetOptions) {
  const png = sharp(await contactSheet(cells, options));
  expect((await png.metadata()).format).toBe("png");
  const { data, info } = await png.raw().toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  const at = (x: number, y: number) =>
    [...data.subarray((y * width + x) * 3).subarray(0, 3)] as Pixel;
  const among = (left: number, top: number, right: number, bottom: number) => {
    const found = new Set<string>();
    for (let y = top; y < bottom; y++)
      for (let x = left; x < right; x++) found.add(at(x, y).join());
    return found;
  };
  return { width, height, at, among };
}

// Margins of 14 around cells, captions of 24 below them.
const gap = 14;
const below = 24;

describe("contactSheet", () => {
  test("cells of one size in about as many rows as columns", async () => {
    const sizes = async (count: number, options: SheetOptions = {}) => {
      const cells = Array.from({ length: count }, () => cell());
      const { width, height } = await sheet(cells, { side: 100, ...options });
      return [(width - gap) / (100 + gap), (height - gap) / (100 + below + gap)];
    };
    expect(await sizes(1)).toEqual([1, 1]);
    expect(await sizes(3)).toEqual([2, 2]);
    expect(await sizes(16)).toEqual([4, 4]);
    expect(await sizes(5)).toEqual([3, 2]);
    expect(await sizes(5, { columns: 5 })).toEqual([5, 1]);
    expect(await sizes(2, { columns: 9 })).toEqual([2, 1]);
  });

  test("pictures as large as fits, in the middle of cells as large as the largest needs", async () => {
    const wide = cell({ picture: plain(50, 25, 200) });
    const high = cell({ picture: plain(60, 80, 90) });
    const { at, width, height } = await sheet([wide, high], { side: 200 });
    expect([width, height]).toEqual([gap + 2 * (200 + gap), gap + 200 + below + gap]);
    const middle = gap + 100;
    expect(at(gap + 1, middle)).toEqual([200, 200, 200]);
    expect(at(gap + 198, middle)).toEqual([200, 200, 200]);
    const beside = at(gap + 100, gap + 40);
    expect(Math.max(...beside)).toBeLessThan(60);
    // 60x80 becomes 150x200: 25 pixels are left on either side.
    const second = gap + 200 + gap;
    expect(at(second + 30, gap + 5)).toEqual([90, 90, 90]);
    expect(at(second + 20, gap + 5)).toEqual(beside);
    const flat = await sheet([wide, wide], { side: 200 });
    expect(flat.height).toBe(gap + 100 + below + gap);
  });

  test("boxes where they belong, in the colours of their classes", async () => {
    const boxes = [{ label: "dog", box: [20, 40, 80, 90] as [number, number, number, number] }];
    const classes = ["cat", "dog"];
    const { at } = await sheet([cell({ boxes })], { side: 400, classes });
    const colour = labelColour("dog", classes);
    // A line of 1.5 pixels covers those on both sides of an edge by three quarters.
    const near = (x: number, y: number) =>
      Math.max(...at(x, y).map((value, c) => Math.abs(value - colour[c]!)));
    // Four times as large: the left edge at 80, the lower one at 360.
    expect(near(gap + 80, gap + 200)).toBeLessThan(50);
    expect(near(gap + 200, gap + 360)).toBeLessThan(50);
    expect(near(gap + 84, gap + 200)).toBeGreaterThan(60);
    expect(at(gap + 200, gap + 250)).toEqual([128, 128, 128]);
    const unbroken = Array.from({ length: 100 }, (_, i) => at(gap + 80, gap + 200 + i).join());
    expect(new Set(unbroken).size).toBe(1);
  });

  test("what training leaves out is dashed, its tag is dark and says why", async () => {
    const box: [number, number, number, number] = [20, 20, 80, 60];
    const tagWidth = async (ignored?: string) => {
      const { at } = await sheet([cell({ boxes: [{ label: "dog", box, ignored }] })], {
        side: 400,
      });
      const edge = Array.from({ length: 100 }, (_, i) => at(gap + 80, gap + 120 + i).join());
      const row = Array.from({ length: 300 }, (_, i) => Math.max(...at(gap + 80 + i, gap + 242)));
      return { dashes: new Set(edge).size > 1, dark: row.filter((value) => value < 70).length };
    };
    const [crowd, difficult, trained] = [
      await tagWidth("crowd"),
      await tagWidth("difficult"),
      await tagWidth(),
    ];
    expect([crowd.dashes, difficult.dashes, trained.dashes]).toEqual([true, true, false]);
    expect(trained.dark).toBe(0);
    expect(difficult.dark).toBeGreaterThan(crowd.dark);
  });

  test("a caption below its cell; of a long one, the end", async () => {
    const caption = "a".repeat(60);
    const at = { side: 128 };
    const inks = async (caption: string, half: 0 | 1) => {
      const { among } = await sheet([cell({ caption, picture: plain(90, 90) })], at);
      const [left, right] = [gap + 64 * half, gap + 64 + 64 * half];
      return among(left, gap + 128 + 2, right, gap + 128 + below).size;
    };
    expect(await inks("", 0)).toBe(1);
    expect(await inks("short.jpg", 0)).toBeGreaterThan(2);
    const { among, width, height } = await sheet([cell({ caption })], at);
    expect(among(gap, gap + 128 + 2, gap + 128, height - gap).size).toBeGreaterThan(2);
    expect(among(0, 0, gap - 1, height).size).toBe(1);
    expect(among(width - gap + 1, 0, width, height).size).toBe(1);
    // What is cut away at the start makes no difference.
    const one = await contactSheet([cell({ caption: `x${caption}` })], at);
    expect(one.equals(await contactSheet([cell({ caption: `y${caption}` })], at))).toBe(true);
  });

  test("cells that are functions are made a few at a time, in order", async () => {
    let open = 0;
    let most = 0;
    const cells = Array.from({ length: 12 }, (_, i) => async () => {
      most = Math.max(most, ++open);
      await new Promise((resolve) => setTimeout(resolve, 12 - i));
      open--;
      return cell({ picture: plain(64, 64, 10 * i + 60) });
    });
    const { at } = await sheet(cells, { side: 64, columns: 12 });
    cells.forEach((_, i) => {
      expect(at(gap + i * (64 + gap) + 32, gap + 32)).toEqual(Array(3).fill(10 * i + 60));
    });
    expect(most).toBeLessThanOrEqual(4);
  });

  test("nothing to draw, broken pictures, boxes and options", async () => {
    await expect(contactSheet([])).rejects.toMatchObject({ code: "BAD_DATA" });
    const broken = contactSheet([cell({ picture: Buffer.from("no picture") })]);
    await expect(broken).rejects.toMatchObject({ code: "BAD_DATA" });
    const box = { label: "cat", box: [0, 0, Number.NaN, 5] as [number, number, number, number] };
    await expect(contactSheet([cell({ boxes: [box] })])).rejects.toThrow(/box 0 \(cat\)/);
    await expect(contactSheet([cell()], { side: 5 })).rejects.toMatchObject({ code: "BAD_OPTION" });
  });
});
