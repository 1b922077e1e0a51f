import type { z } from "zod";
import type { Detector } from "../detector.js";
import { SsdError } from "../errors.js";
import { parseOptions } from "../options.js";
import type { Step, TrainEvent, TrainReport } from "./events.js";
import { runLoop } from "./loop.js";
import { trainOptions } from "./options.js";

/** Options of {@link train}. */
export type TrainOptions = Omit<z.input<typeof trainOptions>, "onEvent"> & {
  /** Called with everything a run tells: data, phases, steps, validations, files. */
  onEvent?: (event: TrainEvent) => void;
};

type StepEvent = Extract<TrainEvent, { kind: "step" }>;

/** Steps that wait for a reader; older ones are dropped, training never waits. */
const queued = 1024;

/**
 * A training run: iterate over its steps, or await {@link Run.done}.
 *
 * Training goes on whether or not anybody iterates. Leaving the loop (`break`) stops the run at the
 * next step boundary and saves, as {@link Run.stop} does.
 */
export class Run implements AsyncIterable<Step> {
  /** The report; rejects when the run fails, and with CANCELLED when its signal was aborted. */
  readonly done: Promise<TrainReport>;
  private readonly steps: StepEvent[] = [];
  private readonly stopping = new AbortController();
  private wake: () => void = () => undefined;
  private ended = false;

  /** @internal Runs come from {@link train}. */
  constructor(student: Detector, options: z.output<typeof trainOptions>) {
    const observe = options.onEvent as ((event: TrainEvent) => void) | undefined;
    const emit = (event: TrainEvent) => {
      observe?.(event);
      if (event.kind === "step") this.push(event);
    };
    this.done = runLoop(student, options, emit, this.stopping.signal).finally(() => {
      this.ended = true;
      this.wake();
    });
    // Whoever iterates gets the failure there; an unread promise is no second failure.
    this.done.catch(() => undefined);
  }

  /** Stops at the next step boundary and saves; resolves with the report. */
  stop(): Promise<TrainReport> {
    this.stopping.abort();
    return this.done;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Step, void, void> {
    try {
      for (;;) {
        const event = this.steps.shift();
        if (event !== undefined) yield told(event);
        else if (this.ended) break;
        else
          await new Promise<void>((resolve) => {
            this.wake = resolve;
          });
      }
    } finally {
      if (!this.ended) this.stopping.abort();
      await this.done;
    }
  }

  private push(event: StepEvent): void {
    this.steps.push(event);
    if (this.steps.length > queued) this.steps.shift();
    this.wake();
  }
}

/** What a reader of the steps is told of one. */
function told({ kind: _, to: __, means: ___, ...step }: StepEvent): Step {
  return step;
}

/**
 * Trains a detector; with `distill: { teacher }` it learns from the teacher as well (Chen et al.,
 * NIPS 2017; SSD, arXiv 1512.02325).
 *
 * With `ema` the weights are averaged over the steps as {@link Trainer} says. Validation, the report and
 * `student.safetensors` are then of the average, and the student holds it while it is validated and
 * when the run has ended, however it did; checkpoints hold both and go on from both. The run has the
 * student to itself.
 *
 * @example
 * for await (const step of train(student, { data: voc("VOC2007"), epochs: 60 }))
 *   console.log(step.epoch, step.loss.total);
 *
 * @throws SsdError BAD_OPTION at once, or through the run when a teacher does not fit or something else
 *   trains the student; BAD_DATA, BAD_CHECKPOINT, DIVERGED, OUT_OF_MEMORY and CANCELLED
 *   through the iteration and `done`.
 */
export function train(student: Detector, options: TrainOptions): Run {
  const resolved = parseOptions(trainOptions, options, "train options");
  if (resolved.resume && resolved.out === undefined) {
    throw new SsdError(
      "BAD_OPTION",
      'train options: "resume" expected a run folder in "out", got none',
    );
  }
  return new Run(student, resolved);
}
