import fc from "fast-check";
import { expect, test } from "vitest";
import { stream } from "../../../lib/data/random.js";
import { boundsOf, coveredShare } from "../../../lib/data/shapes-geometry.js";
import { renderScene } from "../../../lib/data/shapes-render.js";
import { makeScene } from "../../../lib/data/shapes-scene.js";

const scenes = Array.from({ length: 600 }, (_, i) => makeScene(stream(0, i), 160));
const shapes = scenes.flatMap((scene) => scene.shapes);

test("the same stream makes the same scene and picture; others differ", () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(), (seed, index) => {
      const [a, b] = [makeScene(stream(seed, index), 64), makeScene(stream(seed, index), 64)];
      expect(a).toEqual(b);
      expect(renderScene(a)).toEqual(renderScene(b));
      expect(makeScene(stream(seed, index + 1), 64)).not.toEqual(a);
      expect(makeScene(stream(seed + 1, index), 64)).not.toEqual(a);
    }),
    { numRuns: 20 },
  );
});

test("pictures are landscape and portrait around the size asked for", () => {
  const longest = scenes.map(({ width, height }) => Math.max(width, height));
  expect(Math.min(...longest)).toBeGreaterThanOrEqual(143);
  expect(Math.max(...longest)).toBeLessThanOrEqual(177);
  const landscape = scenes.filter(({ width, height }) => width > height).length;
  const portrait = scenes.filter(({ width, height }) => width < height).length;
  expect(landscape).toBeGreaterThan(200);
  expect(portrait).toBeGreaterThan(120);
});

test("0 to 5 shapes, about 8 % of pictures empty, classes evenly", () => {
  const numbers = scenes.map((scene) => scene.shapes.length);
  expect(new Set(numbers)).toEqual(new Set([0, 1, 2, 3, 4, 5]));
  const empty = numbers.filter((number) => number === 0).length / scenes.length;
  expect(empty).toBeGreaterThan(0.05);
  expect(empty).toBeLessThan(0.11);
  for (const kind of ["circle", "square", "triangle"]) {
    const share = shapes.filter(({ outline }) => outline.kind === kind).length / shapes.length;
    expect(Math.abs(share - 1 / 3)).toBeLessThan(0.05);
  }
});

test("shapes measure 10 to 60 % of the shorter side, inside the picture", () => {
  const all = scenes.flatMap(({ width, height, shapes }) =>
    shapes.map(({ outline }) => ({ width, height, box: boundsOf(outline) })),
  );
  const sizes = all.map(
    ({ width, height, box: [x1, y1, x2, y2] }) =>
      Math.max(x2 - x1, y2 - y1) / Math.min(width, height),
  );
  expect(Math.min(...sizes)).toBeGreaterThan(0.0999);
  expect(Math.max(...sizes)).toBeLessThan(0.6001);
  for (const { width, height, box } of all) {
    expect(box[0] >= 0 && box[1] >= 0 && box[2] <= width && box[3] <= height).toBe(true);
  }
});

test("no shape is hidden: at least 40 % of each can be seen", () => {
  for (const { shapes } of scenes) {
    const outlines = shapes.map(({ outline }) => outline);
    outlines.forEach((outline, i) => {
      expect(coveredShare(outline, outlines.slice(i + 1))).toBeLessThanOrEqual(0.6);
    });
  }
});

test("a shape shows its colour, and what is drawn stays in its box", () => {
  const scene = scenes.find(({ shapes }) => shapes.length === 1)!;
  const [shape] = scene.shapes;
  const calm = {
    ...scene,
    grain: { seed: 0, swing: 0 },
    shapes: [{ ...shape!, rim: 0, light: [0, 0] as const }],
  };
  const { data, width } = renderScene(calm);
  const bare = renderScene({ ...calm, shapes: [] });
  const [x, y] = shape!.outline.centre.map(Math.round) as [number, number];
  const at = (y * width + x) * 3;
  const fill = shape!.fill.map((value) => Math.round(value));
  expect([...data.subarray(at, at + 3)]).toEqual(fill);
  const [x1, y1, x2, y2] = boundsOf(shape!.outline);
  data.forEach((value, i) => {
    const [px, py] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
    const inside = px >= x1 - 1 && px <= x2 && py >= y1 - 1 && py <= y2;
    if (!inside && value !== bare.data[i]) expect.fail(`pixel ${px},${py} was touched`);
  });
});
