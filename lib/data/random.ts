import { hash } from "./order.js";

/** Numbers in [0, 1) that depend on nothing but what the stream was made from. */
export type Random = () => number;

/** The stream of random numbers of (seed, index): others do not move it, in whatever order they run. */
export function stream(seed: number, index: number): Random {
  let counter = 0;
  return () => hash(seed, index, counter++) / 2 ** 32;
}

/** A number in [low, high). */
export function between(random: Random, low: number, high: number): number {
  return low + (high - low) * random();
}

/** An integer of low..high, both included. */
export function integer(random: Random, low: number, high: number): number {
  return low + Math.floor((high - low + 1) * random());
}

/** One of a list. */
export function pick<T>(random: Random, list: readonly T[]): T {
  return list[Math.floor(list.length * random())]!;
}
