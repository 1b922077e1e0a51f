import { type Preset, priorGrid } from "./presets.js";

type Grid = ReturnType<typeof priorGrid>;

/**
 * The priors of a preset as `ops.priorBoxes` has them, worked out without the engine: centre form
 * `[cx, cy, w, h]`, relative to the input, four numbers a prior, row by row and map by map.
 */
export function priorsOf(preset: Preset): Float32Array {
  const grid = priorGrid(preset);
  const out: number[] = [];
  for (const [k, map] of grid.maps.entries()) {
    const shapes = shapesOf(grid, k);
    const cell = grid.steps[k]! / grid.size;
    for (let y = 0; y < map; y++) {
      for (let x = 0; x < map; x++) {
        for (const [width, height] of shapes) {
          out.push(...clipped([(x + 0.5) * cell, (y + 0.5) * cell, width, height], grid.clip));
        }
      }
    }
  }
  return Float32Array.from(out);
}

/** Width and height of the priors of a cell of map k. */
function shapesOf({ size, sizes, ratios }: Grid, k: number): [width: number, height: number][] {
  const small = sizes[k]! / size;
  const large = Math.sqrt(small * (sizes[k + 1]! / size));
  const others = ratios[k]!.flatMap((ratio): [number, number][] => {
    const root = Math.sqrt(ratio);
    return [
      [small * root, small / root],
      [small / root, small * root],
    ];
  });
  return [[small, small], [large, large], ...others];
}

type Prior = [x: number, y: number, width: number, height: number];

function clipped(prior: Prior, clip: Grid["clip"]): Prior {
  const unit = (value: number) => Math.min(Math.max(value, 0), 1);
  const [x, y, width, height] = prior;
  switch (clip) {
    case "none":
      return prior;
    case "centres":
      return [unit(x), unit(y), unit(width), unit(height)];
    case "sizes":
      return [x, y, unit(width), unit(height)];
    case "corners": {
      const [left, right] = [unit(x - width / 2), unit(x + width / 2)];
      const [top, bottom] = [unit(y - height / 2), unit(y + height / 2)];
      return [(left + right) / 2, (top + bottom) / 2, right - left, bottom - top];
    }
  }
}
