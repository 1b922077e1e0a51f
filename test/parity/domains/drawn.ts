import { Detector } from "../../../lib/detector.js";
import { loadEngine } from "../../../lib/native.js";
import type { Target } from "../../../lib/ops.js";
import { testDevice } from "../../support/device.js";
import { truths } from "../../support/pictures.js";
import { type Drawn, fill } from "../../support/weights.js";
import type { Comparison } from "../comparison.js";

/** The detector of a case (its options `preset`, `classes`, `stream`, `lift`, `salts`) with drawn weights. */
export function drawnDetector(c: Comparison, more: Partial<Drawn> = {}): Detector {
  // Test files run beside each other.
  loadEngine().engine.setThreads(1);
  const classes = Array.from({ length: c.option<number>("classes") }, (_, i) => `class ${i}`);
  const detector = Detector.create(c.option<string>("preset"), { classes });
  const { stream, lift, salts } = c.sample.options as unknown as Drawn;
  fill(detector.native, { stream, lift, salts, ...more });
  return detector.to(testDevice);
}

/** One target a picture; `salts` says which draw of each. */
export function drawnTargets(c: Comparison, name: string, salts: readonly number[]): Target[] {
  const [sides, classes] = [c.option<number[]>("sides"), c.option<number>("classes")];
  return salts.map((salt, i) => truths(`${name}/${i}#${salt}`, sides, classes));
}
