import type { StepNumbers, StepResult } from "../native-session.js";
import type { Context } from "./context.js";
import { addTerms, meanTerms, rateOf } from "./epoch.js";
import type { Phase } from "./schedule.js";
import { lossTerms, stepFacts, stepResult } from "./session.js";
import { explain } from "./trouble.js";

/** A step that was asked for. */
interface Asked {
  lr: number;
  numbers: Promise<StepNumbers>;
}

/**
 * The steps of an epoch, from where it stands to its end or until it is stopped.
 *
 * On a GPU the next step is asked for before the numbers of the last are there: the device never waits
 * for them, nor they for anything. On the CPU a step is over when its numbers are: a run that is
 * stopped after a step ends with it.
 */
export async function runSteps(context: Context, phase: Phase): Promise<void> {
  const { at, batches, stop, student } = context;
  const depth = student.device === "cpu" ? 1 : 2;
  const asked: Asked[] = [];
  let next = at.batch;
  while (asked.length > 0 || (next < batches && !stop.aborted)) {
    while (asked.length < depth && next < batches && !stop.aborted) {
      asked.push(ask(context, phase, next++));
    }
    const { lr, numbers } = asked.shift()!;
    let landed: StepResult;
    try {
      landed = stepResult(await numbers);
    } catch (error) {
      throw explain(error, context);
    }
    record(context, phase, lr, landed);
  }
}

function ask(context: Context, phase: Phase, batch: number): Asked {
  const { session, loader, loaded, options } = context;
  const lr = rateOf(context, phase, batch);
  // The last step of an epoch takes what is left.
  const taken = Math.min(options.accumulate, loaded - batch * options.accumulate);
  const numbers = session.stepFrom(loader, taken, lr);
  // Behind a step that fails nobody waits for it.
  numbers.catch(() => undefined);
  return { lr, numbers };
}

function record({ at, batches, emit }: Context, phase: Phase, lr: number, result: StepResult) {
  const loss = lossTerms(result);
  addTerms(at, loss);
  const { dataMs, stepMs } = result;
  emit({
    kind: "step",
    step: at.step,
    epoch: at.epoch + 1,
    to: phase.to,
    batch: at.batch,
    batches,
    loss,
    means: meanTerms(at),
    lr,
    ...stepFacts(result),
    dataMs,
    stepMs,
  });
}
