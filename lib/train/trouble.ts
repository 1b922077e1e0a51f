import { SsdError } from "../errors.js";
import type { Context } from "./context.js";

/** Pictures that a sentence names; of more it says how many. */
const named = 32;

/**
 * A step's failure in the words of the run: the files of the pictures it was made of, or what needs
 * less memory.
 */
export function explain(
  error: unknown,
  { data, batchSize, options }: Pick<Context, "data" | "batchSize" | "options">,
): unknown {
  if (!(error instanceof SsdError)) return error;
  if (error.code === "DIVERGED" && error.pictures !== undefined) {
    const { items } = data.train.dataset;
    const files = [...new Set(error.pictures)].map((index) => items[index]?.image ?? String(index));
    const more = files.length > named ? ` and ${files.length - named} more` : "";
    const list = files.slice(0, named).join(", ");
    const message = `${error.message}; the pictures were ${list}${more}`;
    return new SsdError("DIVERGED", message, { cause: error });
  }
  if (error.code === "OUT_OF_MEMORY") {
    const message = `${error.message}; ${lighter(batchSize, options)}`;
    return new SsdError("OUT_OF_MEMORY", message, { cause: error });
  }
  return error;
}

/** What would need less memory than a step of `batch` pictures did. */
function lighter(
  batch: number,
  { precision, accumulate }: Pick<Context["options"], "precision" | "accumulate">,
): string {
  const half = Math.floor(batch / 2);
  return [
    `${batch} pictures were computed at once: try`,
    [
      ...(half > 0
        ? [`batch ${half} with accumulate ${accumulate * 2} for the same step`, 'batch "auto"']
        : []),
      ...(precision === "fp32" ? ["precision bf16"] : []),
      "a smaller model",
    ].join(", or "),
  ].join(" ");
}
