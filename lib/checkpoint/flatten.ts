import { objectBytes } from "./budget.js";
import { shown } from "./damage.js";
import type { World } from "./pickle-machine.js";
import { Dict, kindOf, PickledTensor, Tuple, type Value } from "./pickle-values.js";

/** Deeper than any checkpoint, and far from the depth of the call stack. */
const maxDepth = 64;
const longestName = 4096;

/** What of a value leads to tensors: keys and values that are tensors, or lead to some. */
type Ways = readonly (readonly [key: string, value: Value])[];

/**
 * The tensors of a value by their way in it: keys and indices joined by dots. Of anything else in
 * it nothing is kept. A value that is a tensor itself is named `tensor`.
 *
 * @throws SsdError BAD_CHECKPOINT by way of `world` when two have one name, or a value holds itself.
 */
export function namedTensors(
  root: Value,
  world: Pick<World, "bad" | "budget">,
): Map<string, PickledTensor> {
  const found = new Map<string, PickledTensor>();
  const path: string[] = [];
  const waysOf = waysIn(world);
  const visit = (value: Value): void => {
    if (value instanceof PickledTensor) {
      add(path.length === 0 ? "tensor" : joined(path, world.bad), value);
      return;
    }
    for (const [key, child] of waysOf(value, path.length)) {
      path.push(key);
      visit(child);
      path.pop();
    }
  };
  const add = (name: string, tensor: PickledTensor) => {
    if (found.has(name)) throw world.bad(`expected one tensor ${shown(name)}, got two`);
    world.budget.take(2 * name.length + 8 * objectBytes, `tensor ${shown(name)}`);
    found.set(name, tensor);
  };
  visit(root);
  return found;
}

function joined(path: readonly string[], bad: World["bad"]): string {
  const length = path.reduce((sum, key) => sum + key.length + 1, -1);
  if (length > longestName)
    throw bad(`expected names of up to ${longestName} characters, got ${length}`);
  return path.join(".");
}

/**
 * Finds the ways of a value, once: it may be a part of many values, and each of them of many, so
 * that only what ends at a tensor may be walked again.
 */
function waysIn({ bad, budget }: Pick<World, "bad" | "budget">) {
  const known = new Map<Value, Ways | "unfinished">();
  return function waysOf(value: Value, depth: number): Ways {
    const children = childrenOf(value);
    if (children === undefined) return [];
    const before = known.get(value);
    if (before === "unfinished") throw bad("expected values within values, got a circle of them");
    if (depth >= maxDepth) throw bad(`expected values at most ${maxDepth} deep, got deeper ones`);
    if (before !== undefined) return before;
    budget.take(2 * objectBytes, "the values of its pickle");
    known.set(value, "unfinished");
    const ways: [string, Value][] = [];
    for (const [key, child] of children) {
      if (!(child instanceof PickledTensor) && waysOf(child, depth + 1).length === 0) continue;
      if (typeof key !== "string" && typeof key !== "number")
        throw bad(`expected names of tensors, got ${kindOf(key)} as a key`);
      budget.take(2 * objectBytes, "the values of its pickle");
      ways.push([`${key}`, child]);
    }
    known.set(value, ways);
    return ways;
  };
}

function childrenOf(value: Value): Iterable<readonly [Value, Value]> | undefined {
  if (value instanceof Dict) return value.entries;
  const items = value instanceof Tuple ? value.items : value;
  return Array.isArray(items) ? (items as Value[]).entries() : undefined;
}
