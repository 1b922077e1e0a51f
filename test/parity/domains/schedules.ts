import { scheduleOptions } from "../../../lib/train/options.js";
import { learningRate, phases } from "../../../lib/train/schedule.js";
import type { Comparison } from "../comparison.js";

/** float64 on both sides, which round in another order. */
const limit = 1e-12;

/** The learning rate of every step of a run, phase by phase. */
export function schedules(c: Comparison): void {
  const schedule = scheduleOptions.parse(c.option("schedule"));
  const freeze = c.option<{ epochs: number; lr?: number }>("freeze");
  const steps = c.option<number>("steps");
  const run = phases(c.option("epochs"), freeze, c.option("lr"));
  c.same("number of phases", [run.length], [c.golden.keys(c.domain, c.sample, "").length]);
  for (const { name, from, to, lr } of run) {
    const rates = Array.from({ length: (to - from) * steps }, (_, i) =>
      learningRate(schedule, lr, i / steps, to - from),
    );
    c.near(`rates of ${name}`, rates, c.expected(name), limit);
  }
}
