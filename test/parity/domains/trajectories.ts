import type { Tensor } from "../../../lib/tensor.js";
import { Trainer, type TrainerOptions } from "../../../lib/train/trainer.js";
import { images } from "../../support/pictures.js";
import { type Comparison, tolerance } from "../comparison.js";
import { drawnDetector, drawnTargets } from "./drawn.js";
import { sameLosses } from "./plain.js";

/** Steps of training by `Trainer.step`: the losses of each, and every tensor at the end. */
export async function trajectories(c: Comparison): Promise<void> {
  const student = c.keep(drawnDetector(c));
  const [stream, batch] = [c.option<string>("stream"), c.option<number>("batch")];
  const kd = c.option<object | null>("distill");
  const teacher = kd && c.keep(drawnDetector(c, { stream: `${stream}/teacher` }));
  const optimizer = c.option<TrainerOptions["optimizer"]>("optimizer");
  const distill = teacher ? { teacher, ...kd } : undefined;
  const ema = c.option<TrainerOptions["ema"] | null>("ema") ?? undefined;
  const trainer = c.keep(new Trainer(student, { optimizer, distill, ema }));

  const losses: Record<string, number>[] = [];
  for (const [step, salts] of c.option<number[][]>("truths").entries()) {
    const here = `${stream}/step${step}`;
    const drawn = `${here}#${c.option<number[]>("pictures")[step]}`;
    const pictures = images(drawn, batch, student.preset.size);
    const targets = drawnTargets(c, here, salts);
    const { loss } = await trainer.step({ images: pictures, targets });
    losses.push({ ...loss });
    pictures.dispose();
  }
  sameLosses(c, losses, tolerance.steps);
  sameState(c, "state", student.stateDict());
  if (ema !== undefined) sameState(c, "ema", trainer.emaStateDict());
}

/** Every tensor; at least one is expected. */
function sameState(c: Comparison, kind: "state" | "ema", state: Record<string, Tensor>): void {
  const names = c.golden.keys(c.domain, c.sample, `${kind}/`);
  c.same(`tensors of ${kind}`, [names.length], [Object.keys(state).length]);
  for (const name of names) {
    const label = kind === "ema" ? `average of ${name}` : name;
    c.near(label, state[name]!, c.expected(`${kind}/${name}`), tolerance.steps);
  }
}
