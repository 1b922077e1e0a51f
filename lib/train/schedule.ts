import type { z } from "zod";
import type { scheduleOptions } from "./options.js";

/** A stretch of epochs with its own peak rate; the optimizer starts anew with it. */
export interface Phase {
  name: "freeze" | "train";
  /** First epoch, 0-based, and the epoch after the last. */
  from: number;
  to: number;
  /** Peak learning rate. */
  lr: number;
  /** Whether the backbone is kept as it is. */
  frozen: boolean;
}

/** The phases of a run: the freeze phase, if any, then the rest. */
export function phases(
  epochs: number,
  freeze: { epochs: number; lr?: number },
  lr: number,
): Phase[] {
  const frozen = Math.min(freeze.epochs, epochs);
  const all: Phase[] = [
    { name: "freeze", from: 0, to: frozen, lr: freeze.lr ?? lr, frozen: true },
    { name: "train", from: frozen, to: epochs, lr, frozen: false },
  ];
  return all.filter(({ from, to }) => to > from);
}

/**
 * The learning rate of a step: a pure function of where it is in its phase.
 *
 * @param at Epochs since the phase began, with the fraction of the epoch under way.
 * @param length Epochs of the phase.
 */
export function learningRate(
  { name, warmup, finalLr, stepSize, gamma }: z.output<typeof scheduleOptions>,
  peak: number,
  at: number,
  length: number,
): number {
  if (at < warmup) return peak * ((at + 1e-3) / (warmup + 1e-3));
  switch (name) {
    case "constant":
      return peak;
    case "step":
      return peak * gamma ** Math.floor(at / stepSize);
    case "cosine": {
      const progress = Math.min(1, (at - warmup) / Math.max(length - warmup, 1e-9));
      return peak * (finalLr + (1 - finalLr) * 0.5 * (1 + Math.cos(Math.PI * progress)));
    }
  }
}
