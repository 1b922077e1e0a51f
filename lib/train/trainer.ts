import { z } from "zod";
import { checkImages, type Detector } from "../detector.js";
import type { NativeSession } from "../native.js";
import { nativeTargets, type Target } from "../ops.js";
import { parseOptions } from "../options.js";
import type { Tensor } from "../tensor.js";
import type { LossTerms } from "./events.js";
import { stepShape } from "./options.js";
import { lossTerms, openSession } from "./session.js";

const trainerOptions = z.strictObject({
  ...stepShape,
  freeze: z.array(z.string()).default([]).describe("name prefixes of tensors that do not train"),
});

/** Options of a {@link Trainer}; every field optional. */
export type TrainerOptions = z.input<typeof trainerOptions>;

/**
 * The engine of `train`, fed by hand: one optimizer step a call, at the constant rate
 * `optimizer.lr`. Steps run in order on the trainer's own native thread.
 */
export class Trainer {
  private readonly session: NativeSession;
  private readonly student: Detector;
  /** The learning rate of the next step; change it to follow a schedule of your own. */
  lr: number;

  /** @throws SsdError BAD_OPTION, also when teacher and student do not fit together. */
  constructor(student: Detector, options?: TrainerOptions) {
    const resolved = parseOptions(trainerOptions, options, "Trainer options");
    this.lr = resolved.optimizer.lr;
    this.student = student;
    this.session = openSession(student, resolved, resolved.freeze);
  }

  /**
   * One step.
   *
   * @param batch `images` `[B, 3, S, S]` float32, normalised as the student's preset says, and a
   *   target for each: corners relative to the picture, 0-based labels.
   * @throws SsdError BAD_DATA for a degenerate box, DIVERGED (no weight changed), DISPOSED.
   */
  async step(batch: {
    images: Tensor;
    targets: readonly Target[];
  }): Promise<{ loss: LossTerms; numPositives: number; unmatched: number }> {
    checkImages(batch.images, this.student.preset);
    const targets = nativeTargets(batch.targets, this.student.classes.length);
    const result = await this.session.step(batch.images.native, targets, this.lr);
    const { numPositives, unmatched } = result;
    return { loss: lossTerms(result), numPositives, unmatched };
  }

  /** Ends the thread; steps that wait are rejected with CANCELLED. */
  dispose(): void {
    this.session.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
