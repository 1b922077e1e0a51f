import fc from "fast-check";
import { expect, test } from "vitest";
import { Budget } from "../../../lib/checkpoint/budget.js";
import { damaged } from "../../../lib/checkpoint/damage.js";
import { namedTensors } from "../../../lib/checkpoint/flatten.js";
import {
  Dict,
  PickledTensor,
  Storage,
  Tuple,
  type Value,
} from "../../../lib/checkpoint/pickle-values.js";
import { failure } from "../../support/small.js";

const world = () => ({
  bad: (why: string) => damaged("f", why),
  budget: new Budget("f", 0),
});
const names = (value: Value) => [...namedTensors(value, world()).keys()];

function tensor(): PickledTensor {
  const view = { dtype: "float32", shape: [], strides: [], offset: 0 } as const;
  return new PickledTensor(new Storage("0", "float32", 1), view);
}

function dict(entries: readonly (readonly [Value, Value])[]): Dict {
  const made = new Dict();
  for (const [key, value] of entries) made.set(key, value);
  return made;
}

test("a state dict gives its keys as they are, in their order", () => {
  const state = dict([
    ["vgg.0.weight", tensor()],
    ["vgg.0.bias", tensor()],
    ["a b", tensor()],
    ["", tensor()],
  ]);
  expect(names(state)).toEqual(["vgg.0.weight", "vgg.0.bias", "a b", ""]);
});

test("values in values give dotted names, places in lists numbers, and other things nothing", () => {
  const value = dict([
    ["state_dict", dict([["vgg.0", dict([["weight", tensor()]])]])],
    ["epoch", 3],
    ["list", [tensor(), "x", [null, tensor()], new Tuple([2.5, tensor()])]],
    ["none", dict([["deep", [[], dict([])]]])],
    [7, dict([["step", tensor()]])],
    [null, 1],
    [true, dict([])],
  ]);
  expect(names(value)).toEqual([
    "state_dict.vgg.0.weight",
    "list.0",
    "list.2.1",
    "list.3.1",
    "7.step",
  ]);
});

test("a tensor by itself has a name, and what has no tensor has none", () => {
  expect(names(tensor())).toEqual(["tensor"]);
  expect(names([tensor()])).toEqual(["0"]);
  for (const value of [null, 3, "x", [], dict([])]) expect(names(value)).toEqual([]);
});

test("a tensor under several names is there under each", () => {
  const one = tensor();
  const inner = dict([["w", one]]);
  const found = namedTensors(
    dict([
      ["a", inner],
      ["b", inner],
      ["c", one],
    ]),
    world(),
  );
  expect([...found]).toEqual([
    ["a.w", one],
    ["b.w", one],
    ["c", one],
  ]);
  expect(found.get("a.w")).toBe(one);
});

test("names as JavaScript has them for other things", () => {
  const keys = ["__proto__", "constructor", "toString"];
  expect(names(dict(keys.map((key) => [key, tensor()])))).toEqual(keys);
});

test.each<[string, Value, string]>([
  [
    "two of one name",
    dict([
      ["a.b", tensor()],
      ["a", dict([["b", tensor()]])],
    ]),
    "one tensor a.b",
  ],
  [
    "a number and its text",
    dict([
      [1, tensor()],
      ["1", tensor()],
    ]),
    "one tensor 1",
  ],
  ["a tensor under None", dict([[null, tensor()]]), "None as a key"],
  ["tensors under a tuple", dict([[new Tuple([1]), [tensor()]]]), "a tuple as a key"],
  ["tensors under a switch", dict([[false, [tensor()]]]), "false as a key"],
  ["a name that is too long", dict([["x".repeat(4097), tensor()]]), "4096 characters, got 4097"],
])("%s is refused", (_what, value, part) => {
  expect(() => names(value)).toThrow(failure("BAD_CHECKPOINT", part));
});

test("a value that holds itself is refused, with tensors or without", () => {
  for (const inside of [tensor(), 1]) {
    const list: Value[] = [inside];
    list.push(dict([["again", new Tuple([list])]]));
    expect(() => names(list)).toThrow(failure("BAD_CHECKPOINT", "circle"));
  }
});

test("values may be 64 deep, also where a shallow one is met again", () => {
  const nest = (value: Value, depth: number): Value =>
    depth === 0 ? value : nest([value], depth - 1);
  expect(names(nest(tensor(), 64))).toHaveLength(1);
  expect(() => names(nest(tensor(), 65))).toThrow(failure("BAD_CHECKPOINT", "64 deep"));
  const half = nest(tensor(), 40);
  expect(() => names([half, nest(half, 30)])).toThrow(failure("BAD_CHECKPOINT", "64 deep"));
});

test("every tensor of any value is found", () => {
  const { value } = fc.letrec<{ value: Value }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      fc.constantFrom<Value>(1, null, "x"),
      fc.constant(null).map(tensor),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.array(tie("value"), { maxLength: 3 }).map((items) => new Tuple(items)),
      fc
        .uniqueArray(fc.tuple(fc.stringMatching(/^[a-z]{1,3}$/), tie("value")), {
          selector: ([key]) => key,
          maxLength: 3,
        })
        .map(dict),
    ),
  }));
  const count = (item: Value): number => {
    if (item instanceof PickledTensor) return 1;
    const inner =
      item instanceof Dict
        ? [...item.entries].map(([, one]) => one)
        : item instanceof Tuple
          ? item.items
          : item;
    return Array.isArray(inner)
      ? (inner as Value[]).reduce<number>((sum, one) => sum + count(one), 0)
      : 0;
  };
  fc.assert(
    fc.property(value, (item) => {
      expect(namedTensors(item, world()).size).toBe(count(item));
    }),
  );
});
