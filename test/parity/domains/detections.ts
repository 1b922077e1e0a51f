import { ops } from "../../../lib/index.js";
import { type Comparison, numbers, tolerance } from "../comparison.js";

/** Outputs to detections: what is found, in which order, and of which priors. */
export function detections(c: Comparison): void {
  const { variances, coderClip } = c.sample.options as Parameters<typeof ops.detections>[2] & {};
  const [loc, conf, priors] = [c.input("loc"), c.input("conf"), c.input("priors")];
  const found = ops.detections({ loc, conf }, priors, c.sample.options);
  const counts = found.map(({ scores }) => scores.length);
  const boxes = found.flatMap((picture) => [...picture.boxes]);

  c.same("number", counts, c.expected("counts").data);
  c.same(
    "labels",
    found.flatMap(({ labels }) => [...labels]),
    c.expected("labels").data,
  );
  const scores = found.flatMap((picture) => [...picture.scores]);
  c.near("scores", scores, c.expected("scores"), tolerance.ops);
  c.near("boxes", boxes, c.expected("boxes"), tolerance.ops);

  // Which priors were chosen: to the bit the boxes that the engine makes of the expected ones.
  const decoded = numbers(c.keep(ops.decode(loc, priors, variances, coderClip)));
  const pictures = found.flatMap(({ scores }, b) => [...scores].map(() => b));
  const chosen = [...c.expected("chosen").data].flatMap((prior, i) => {
    const row = 4 * (pictures[i]! * priors.shape[0]! + prior);
    return [0, 1, 2, 3].map((k) => Math.min(Math.max(decoded[row + k]!, 0), 1));
  });
  c.same("boxes of the chosen priors", boxes, chosen);
}
