import type { PictureList } from "../native-pictures.js";
import type { Dataset, Problem, Truth } from "./dataset.js";
import type { Measured } from "./pixels.js";
import { placeBox } from "./reader.js";

// A data set once the sizes of its pictures are known, and what the engine is told of it.

/** The data set with the sizes that were found, and the truths fitted into them. */
export function fittedTo(dataset: Dataset, sizes: readonly Measured[]): Dataset {
  const problems: Problem[] = [...dataset.problems];
  const items = dataset.items.map((item, i) => {
    const { width, height } = sizes[i]!;
    const truths: Truth[] = [];
    for (const truth of item.truths) {
      const placed = placeBox(truth.box, { width, height });
      if (placed.problem !== undefined) {
        const message = `"${dataset.classes[truth.label]}" at [${truth.box.join(", ")}] ${placed.what}`;
        problems.push({ kind: placed.problem, file: item.annotation ?? item.image, message });
      }
      if (placed.box !== undefined) truths.push({ ...truth, box: placed.box });
    }
    return { ...item, width, height, truths };
  });
  return { ...dataset, items, problems };
}

/**
 * What the engine is told of the pictures `part` of a fitted data set: sizes as they are held, boxes
 * in pixels of that size. Without `ignored` the truths are those that are trained on: no difficult
 * ones, no crowds.
 */
export function pictureList(
  { items }: Dataset,
  sizes: readonly Measured[],
  part: readonly number[],
  { ignored }: { ignored: boolean },
): PictureList {
  const trained = ({ difficult, crowd = false }: Truth) => !difficult && !crowd;
  const truths = part.map((i) => items[i]!.truths.filter((truth) => ignored || trained(truth)));
  const boxes = truths.flatMap((list, at) => {
    const { width, height, held } = sizes[part[at]!]!;
    const [x, y] = [held.width / width, held.height / height];
    return list.flatMap(({ box }) => [box[0] * x, box[1] * y, box[2] * x, box[3] * y]);
  });
  return {
    paths: part.map((i) => items[i]!.image),
    sizes: Int32Array.from(part.flatMap((i) => [sizes[i]!.held.width, sizes[i]!.held.height])),
    counts: Int32Array.from(truths, (list) => list.length),
    boxes: Float32Array.from(boxes),
    labels: Int32Array.from(truths.flat(), ({ label }) => label),
  };
}
