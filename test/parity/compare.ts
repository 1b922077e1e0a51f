import type { Golden, GoldenCase } from "../support/golden.js";
import { Comparison } from "./comparison.js";
import { augment } from "./domains/augment.js";
import { boxes, nms, priors } from "./domains/boxes.js";
import { detections } from "./domains/detections.js";
import { l2norm } from "./domains/l2norm.js";
import { matching, multibox, multiboxKd } from "./domains/losses.js";
import { models } from "./domains/models.js";
import { optimizers } from "./domains/optimizers.js";
import { scenes } from "./domains/scenes.js";
import { schedules } from "./domains/schedules.js";
import { trajectories } from "./domains/trajectories.js";

// How each domain of the engine is held to the float64 references of scripts/golden. The golden
// tests, the fresh ones and `npm run parity` run the same comparisons.

type Compare = (comparison: Comparison) => void | Promise<void>;

const domains = {
  priors,
  boxes,
  matching,
  multibox,
  multibox_kd: multiboxKd,
  nms,
  scenes,
  detections,
  l2norm,
  augment,
  schedules,
  optimizers,
  models,
  trajectories,
} satisfies Record<string, Compare>;

export type Domain = keyof typeof domains;

/** Domains that take minutes. */
export const heavy: readonly Domain[] = ["models", "trajectories"];
export const domainNames = Object.keys(domains) as Domain[];

/** Runs one case on the engine and fails where it leaves the reference. */
export async function compare(golden: Golden, domain: Domain, sample: GoldenCase): Promise<void> {
  const comparison = new Comparison(golden, domain, sample);
  await domains[domain](comparison);
  comparison.finish();
}
