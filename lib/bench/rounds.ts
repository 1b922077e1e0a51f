import { cancelled } from "../errors.js";

/** Does something for a while; resolves to milliseconds a unit of it. */
export type Contender = () => Promise<number>;

/**
 * Measures contenders in turn, so that what else the machine does meets all of them: a list of
 * milliseconds for each, one a round.
 *
 * @throws SsdError CANCELLED between two measurements; whatever a contender throws
 */
export async function inTurn<Name extends string>(
  contenders: Readonly<Record<Name, Contender>>,
  rounds: number,
  signal?: AbortSignal,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(contenders) as Name[];
  const measured = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<
    Name,
    number[]
  >;
  for (let round = 0; round < rounds; round++) {
    for (const name of names) {
      if (signal?.aborted) {
        throw cancelled(signal.reason, `bench stopped in round ${round + 1} of ${rounds}`);
      }
      measured[name].push(await contenders[name]());
    }
  }
  return measured;
}

/** Does `work` again and again for about so long, once at least: milliseconds a time. */
export async function repeated(seconds: number, work: () => unknown): Promise<number> {
  const start = performance.now();
  let times = 0;
  do {
    await work();
    times++;
  } while (performance.now() - start < seconds * 1000);
  return (performance.now() - start) / times;
}

export interface Spread {
  min: number;
  median: number;
  max: number;
}

/** Of one number or more. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const median = (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2;
  return { min: sorted[0]!, median, max: sorted.at(-1)! };
}

export function median(values: readonly number[]): number {
  return spreadOf(values).median;
}

/** How many times as long theirs took as ours, round by round. */
export function ratios(theirs: readonly number[], ours: readonly number[]): number[] {
  return theirs.map((ms, round) => ms / ours[round]!);
}
