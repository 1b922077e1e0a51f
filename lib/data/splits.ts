// Sets of a data set by what their names tell.

const train = /^train(ing)?$/i;
const validation = /^(val(id(ation)?)?|dev)$/i;
const both = /^trainval$/i;
const test = /^test(ing)?$/i;

/** Whether a set's name is one of those that data is commonly divided by. */
export function isSplitName(name: string): boolean {
  return [train, validation, both, test].some((pattern) => pattern.test(name));
}

/**
 * Those of a data set's sets that are disjoint by their names, and hold as much of it as they can.
 *
 * `trainval` is `train` and `val` together and no set of its own beside these two; where one of them is
 * missing, it stands for both. Other names (VOC's `car_train`, folds) tell nothing and are left out.
 */
export function disjointSets(names: readonly string[]): string[] {
  const named = (pattern: RegExp) => names.filter((name) => pattern.test(name));
  const [trains, validations, joint] = [named(train), named(validation), named(both)];
  const whole = trains.length > 0 && validations.length > 0;
  const training = whole || joint.length === 0 ? [...trains, ...validations] : joint;
  return [...training, ...named(test)];
}
