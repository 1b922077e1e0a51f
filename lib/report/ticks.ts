/** An axis: where it begins and ends, and the values that are marked on it. */
export interface Axis {
  low: number;
  high: number;
  ticks: number[];
  log: boolean;
}

/** What counts as zero: the smallest floats leave no room for ticks. Its inverse counts as infinite. */
export const TINY = 1e-200;

/**
 * A linear axis around the values, with about `count` ticks at 1, 2 or 5 times a power of ten.
 *
 * @param whole Only whole numbers are marked, and the axis ends at the values (epochs).
 */
export function linearAxis(values: readonly number[], count: number, whole = false): Axis {
  let [low, high] = range(values);
  // A curve that comes near zero is drawn from zero: half a scale hides how far it fell.
  if (!whole && low > 0 && low < 0.5 * high) low = 0;
  // Values that differ in their last digits only are one value: there is no room for ticks between.
  if (high - low <= Math.max(TINY, 1e-9 * Math.max(Math.abs(low), Math.abs(high)))) {
    [low, high] = whole ? [low - 1, high + 1] : widen(low);
  }
  const step = niceStep((high - low) / count, whole ? 1 : 0);
  const first = Math.floor(low / step + 1e-9);
  const last = Math.ceil(high / step - 1e-9);
  // Multiples, not a running sum: 0.1 + 0.2 is no tick's name.
  const ticks = Array.from({ length: last - first + 1 }, (_, i) =>
    Number(((first + i) * step).toPrecision(12)),
  );
  if (whole) return { low, high, ticks: ticks.filter((t) => t >= low && t <= high), log: false };
  return { low: ticks[0]!, high: ticks.at(-1)!, ticks, log: false };
}

/** A logarithmic axis around the values, all positive: ticks at powers of ten, and 2 and 5 times them. */
export function logAxis(values: readonly number[]): Axis {
  const [low, high] = range(values);
  const first = Math.floor(Math.log10(low) + 1e-9);
  const last = Math.max(first + 1, Math.ceil(Math.log10(high) - 1e-9));
  const factors = last - first <= 2 ? [1, 2, 5] : [1];
  const every = Math.ceil((last - first) / 6);
  const ticks: number[] = [];
  for (let power = first; power <= last; power += every) {
    for (const factor of factors) {
      if (power < last || factor === 1) ticks.push(Number(`${factor}e${power}`));
    }
  }
  return { low: 10 ** first, high: 10 ** last, ticks, log: true };
}

/** Where a value lies between the axis's ends, 0 to 1. */
export function position({ low, high, log }: Axis, value: number): number {
  const at = log ? Math.log10 : Number;
  return (at(value) - at(low)) / (at(high) - at(low));
}

/** A short name for a value on an axis: `0.25`, `40k`, `5e-4`. */
export function tickName(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size < 0.001)
    return value.toExponential().replace("e+", "e").replace("-", "−").replace("e-", "e−");
  if (size >= 1e6) return `${Number((value / 1e6).toPrecision(6))}M`.replace("-", "−");
  if (size >= 1e4) return `${Number((value / 1e3).toPrecision(6))}k`.replace("-", "−");
  return String(Number(value.toPrecision(6))).replace("-", "−");
}

function niceStep(rough: number, least: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 5].find((nice) => nice * power >= rough * (1 - 1e-9)) ?? 10;
  return Math.max(least, factor * power);
}

/** Least and largest; not by spreading into Math.min, which long lists overflow. */
function range(values: readonly number[]): [low: number, high: number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return values.length === 0 ? [0, 1] : [low, high];
}

function widen(value: number): [low: number, high: number] {
  if (Math.abs(value) <= TINY) return [0, 1];
  return value > 0 ? [0, value * 1.25] : [value * 1.25, 0];
}
