import { z } from "zod";
import { checkImages, type Detector } from "../detector.js";
import { SsdError } from "../errors.js";
import type { NativeSession } from "../native-session.js";
import { nativeTargets, type Target } from "../ops.js";
import { parseOptions } from "../options.js";
import { Tensor } from "../tensor.js";
import type { LossTerms, StepFacts } from "./events.js";
import { stepShape } from "./options.js";
import { lossTerms, openSession, stepFacts, stepResult } from "./session.js";

const trainerOptions = z.strictObject({
  ...stepShape,
  freeze: z.array(z.string()).default([]).describe("name prefixes of tensors that do not train"),
});

/** Options of a {@link Trainer}; every field optional. */
export type TrainerOptions = z.input<typeof trainerOptions>;

/** Pictures of a {@link Trainer}'s step and their truths. */
export interface TrainerBatch {
  images: Tensor;
  targets: readonly Target[];
}

/** What a {@link Trainer}'s step tells. */
export interface TrainerStep extends StepFacts {
  loss: LossTerms;
  numPositives: number;
  /** Truths that no prior was left for. */
  unmatched: number;
}

/**
 * The engine of `train`, fed by hand: one optimizer step a call, at the constant rate
 * `optimizer.lr`. Steps run in order on the trainer's own native thread.
 *
 * It has the student to itself until {@link Trainer.dispose}. With `ema` it averages the weights over
 * the steps, beside the student's own: `average = d * average + (1 - d) * weights` after step n, with
 * `d = decay * (1 - exp(-n / warmup))`, BatchNorm's statistics included.
 */
export class Trainer {
  private readonly session: NativeSession;
  private readonly student: Detector;
  private readonly averages: boolean;
  /** The learning rate of the next step; change it to follow a schedule of your own. */
  lr: number;

  /**
   * @throws SsdError BAD_OPTION, also when teacher and student do not fit together, or a run or
   *   another Trainer has the student.
   */
  constructor(student: Detector, options?: TrainerOptions) {
    const resolved = parseOptions(trainerOptions, options, "Trainer options");
    this.lr = resolved.optimizer.lr;
    this.student = student;
    this.averages = resolved.ema !== undefined;
    this.session = openSession(student, resolved, resolved.freeze);
  }

  /**
   * One step.
   *
   * @param batch `images` `[B, 3, S, S]` float32, normalised as the student's preset says, and a
   *   target for each: corners relative to the picture, 0-based labels. Of several batches the
   *   gradients, each divided by its own number of positives, and the losses are averaged.
   * @returns The loss before the update; `gradNorm` with `clip`; `scale`, and `skipped` when it was,
   *   in fp16.
   * @throws SsdError BAD_DATA for a box that is degenerate or wholly outside its picture, DIVERGED (no
   *   weight changed), DISPOSED; CANCELLED when a step that was asked for earlier fails meanwhile.
   */
  async step(batch: TrainerBatch | readonly TrainerBatch[]): Promise<TrainerStep> {
    const { preset, classes } = this.student;
    const batches = Array.isArray(batch) ? (batch as TrainerBatch[]) : [batch as TrainerBatch];
    if (batches.length === 0) throw new SsdError("BAD_OPTION", "step: expected a batch, got none");
    const given = batches.map(({ images, targets }) => {
      checkImages(images, preset);
      return { images: images.native, targets: nativeTargets(targets, classes.length) };
    });
    const result = stepResult(await this.session.step(given, this.lr));
    const { numPositives, unmatched } = result;
    return { loss: lossTerms(result), numPositives, unmatched, ...stepFacts(result) };
  }

  /**
   * Names and tensors of the averaged weights, in the order of the student's own `stateDict()`. The
   * tensors are the trainer's own: its steps change them.
   *
   * @throws SsdError BAD_OPTION without the option `ema`, DISPOSED.
   */
  emaStateDict(): Record<string, Tensor> {
    if (!this.averages) {
      throw new SsdError(
        "BAD_OPTION",
        'emaStateDict: expected a Trainer with the option "ema", got one without it',
      );
    }
    const state = this.session.state("ema.");
    const names = this.student.native.names();
    return Object.fromEntries(names.map((name) => [name, new Tensor(state[`ema.${name}`]!)]));
  }

  /** Ends the thread; steps that wait are rejected with CANCELLED. */
  dispose(): void {
    this.session.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
