/** Where a run's checkpoint holds the averaged weights, beside its own. */
const averagePrefix = "ema.";

/** What stands before the names of a file's weights: those are the averaged ones where it has any. */
export function weightsPrefix(names: Iterable<string>): string {
  return [...names].some((name) => name.startsWith(averagePrefix)) ? averagePrefix : "";
}

/** Whether a tensor of a checkpoint is one of a run's own weights. */
export function isWeight(name: string): boolean {
  return !name.startsWith("optimizer.") && !name.startsWith(averagePrefix);
}
