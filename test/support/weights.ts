import type { NativeModel } from "../../lib/native-engine.js";
import { near } from "./hashed.js";

// Start weights from names and shapes alone (scripts/golden/weights.py draws the same, and says why
// these).

type Spread = readonly [middle: number, spread: number];

const norm: Record<string, Spread> = {
  weight: [1, 0.2],
  bias: [0, 0.6],
  running_mean: [0, 1],
  running_var: [14, 6],
};

/** Tensor -> output channel -> which draw of it to take. */
export type Salts = Record<string, Record<string, number>>;

/** How a model's weights are drawn. */
export interface Drawn {
  stream: string;
  /** Added to the biases of BatchNorms. */
  lift: number;
  salts?: Salts;
  /** Tensors that take the place of drawn ones. */
  placed?: ReadonlyMap<string, Float32Array>;
}

/** Draws every tensor of a model. */
export function fill(model: NativeModel, drawn: Drawn): void {
  const names = new Set(model.names());
  for (const name of names) {
    const { shape } = model.tensor(name);
    model.assign(name, drawn.placed?.get(name) ?? draw(name, shape, names, drawn));
  }
}

function draw(
  name: string,
  shape: number[],
  names: Set<string>,
  { stream, lift, salts }: Drawn,
): Float32Array | BigInt64Array {
  const of = `${stream}/${name}`;
  const dot = name.lastIndexOf(".");
  const [prefix, key] = [name.slice(0, dot), name.slice(dot + 1)];
  const count = shape.reduce((product, side) => product * side, 1);
  if (key === "num_batches_tracked") return BigInt64Array.of(3n);
  if (names.has(`${prefix}.running_mean`)) {
    const [middle, spread] = norm[key]!;
    return near(of, count, key === "bias" ? middle + lift : middle, spread);
  }
  if (name === "L2Norm.weight") return near(of, count, 20, 2);
  if (shape.length === 1) return near(of, count, 0, 0.1);
  // Uniform with the deviation of He et al. 2015; a quarter of it for what predicts.
  const filter = count / shape[0]!;
  const predicts = /^(loc|conf)\./.test(name) && names.has(`${prefix}.bias`);
  const bound = Math.sqrt(6 / filter) / (predicts ? 4 : 1);
  const weight = near(of, count, 0, bound);
  for (const [channel, salt] of Object.entries(salts?.[name] ?? {})) {
    weight.set(near(`${of}#${channel}.${salt}`, filter, 0, bound), Number(channel) * filter);
  }
  return weight;
}
