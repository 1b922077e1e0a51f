import { describe, expect, test } from "vitest";
import { Budget } from "../../../lib/checkpoint/budget.js";
import { damaged } from "../../../lib/checkpoint/damage.js";
import { torchGlobals } from "../../../lib/checkpoint/pickle-globals.js";
import {
  Callable,
  Dict,
  PickledTensor,
  Storage,
  StorageType,
  Tuple,
  type Value,
} from "../../../lib/checkpoint/pickle-values.js";
import { failure } from "../../support/small.js";

const lookup = torchGlobals({ bad: (why) => damaged("f", why), budget: new Budget("f", 0) });

function call(name: string, ...args: Value[]): Value {
  const callee = lookup(name);
  if (!(callee instanceof Callable)) throw new Error(`${name} cannot be called`);
  return callee.call(args);
}

const refused = (part: string) => failure("BAD_CHECKPOINT", "f: ", part);
const floats = new Storage("0", "float32", 12);
const raw = new Storage("1", undefined, 48);
const hooks = new Dict();
const t = (...items: Value[]) => new Tuple(items);

describe("tensors", () => {
  const view = { dtype: "float32", shape: [2, 3], strides: [3, 1], offset: 4 };

  test.each<[string, Value[]]>([
    ["_rebuild_tensor", [floats, 4, t(2, 3), t(3, 1)]],
    ["_rebuild_tensor_v2", [floats, 4, t(2, 3), t(3, 1), false, hooks]],
    ["_rebuild_tensor_v2", [floats, 4, t(2, 3), t(3, 1), true, hooks, new Dict()]],
    ["_rebuild_tensor_v3", [raw, 4, t(2, 3), t(3, 1), false, hooks, lookup("torch.float32")]],
  ])("%s", (name, args) => {
    const tensor = call(`torch._utils.${name}`, ...args) as PickledTensor;
    expect(tensor).toBeInstanceOf(PickledTensor);
    expect(tensor.view).toEqual(view);
    expect(tensor.storage).toBe(args[0]);
  });

  test("a parameter, and a tensor of a class or with attributes, is the tensor", () => {
    const args = [floats, 4, t(2, 3), t(3, 1), false, hooks];
    const tensor = call("torch._utils._rebuild_tensor_v2", ...args);
    expect(call("torch._utils._rebuild_parameter", tensor, true, hooks)).toBe(tensor);
    const stateful = call("torch._utils._rebuild_parameter_with_state", tensor, true, hooks, hooks);
    expect(stateful).toBe(tensor);
    const rebuild = lookup("torch._utils._rebuild_tensor_v2");
    const type = lookup("torch.nn.parameter.Buffer");
    const typed = call("torch._tensor._rebuild_from_type_v2", rebuild, type, t(...args), hooks);
    expect(typed).toEqual(tensor);
  });

  test.each<[string, Value[], string]>([
    ["no storage", [3, 0, t(1), t(1), false, hooks], "a storage"],
    ["too few arguments", [floats, 0, t(1), t(1)], "got 4 arguments"],
    ["too many", [floats, 0, t(1), t(1), false, hooks, null, null], "got 8 arguments"],
    ["a storage without a dtype", [raw, 0, t(1), t(1), false, hooks], "a dtype"],
    ["a size that is a list", [floats, 0, [1], t(1), false, hooks], "whose size"],
    ["a negative size", [floats, 0, t(-1), t(1), false, hooks], "whose size"],
    ["a size of texts", [floats, 0, t("1"), t(1), false, hooks], "whose size"],
    ["a size of large integers", [floats, 0, t(2n ** 70n), t(1), false, hooks], "whose size"],
    ["sizes too large together", [floats, 0, t(2 ** 40, 2 ** 40), t(1, 1), false, hooks], "size"],
    ["sizes hidden by a zero", [floats, 0, t(0, 2 ** 52), t(1, 1), false, hooks], "size"],
    [
      "too many axes",
      [floats, 0, t(...Array(65).fill(1)), t(...Array(65).fill(1)), false, hooks],
      "size",
    ],
    ["fewer strides than sizes", [floats, 0, t(1, 1), t(1), false, hooks], "strides"],
    ["a negative stride", [floats, 0, t(2), t(-1), false, hooks], "strides"],
    ["a negative offset", [floats, -1, t(1), t(1), false, hooks], "offset"],
    ["an offset of a half", [floats, 0.5, t(1), t(1), false, hooks], "offset"],
  ])("not of %s", (_what, args, part) => {
    expect(() => call("torch._utils._rebuild_tensor_v2", ...args)).toThrow(refused(part));
  });

  test("not negated or conjugated, which is arithmetic that is still to do", () => {
    for (const flag of ["neg", "conj"]) {
      const metadata = new Dict();
      metadata.set(flag, true);
      const args = [floats, 0, t(1), t(1), false, hooks, metadata];
      expect(() => call("torch._utils._rebuild_tensor_v2", ...args)).toThrow(refused("negated"));
    }
  });

  test("of a dtype that is none", () => {
    const args = [raw, 0, t(1), t(1), false, hooks, "float32"];
    expect(() => call("torch._utils._rebuild_tensor_v3", ...args)).toThrow(refused("dtype"));
  });

  test("nothing else is a parameter, or rebuilt", () => {
    expect(() => call("torch._utils._rebuild_parameter", 3)).toThrow(refused("got 3"));
    expect(() => call("torch._utils._rebuild_parameter")).toThrow(refused("got nothing"));
    const rebuild = (...args: Value[]) => call("torch._tensor._rebuild_from_type_v2", ...args);
    expect(() => rebuild("eval", null, t())).toThrow(refused("got a text"));
    expect(() => rebuild(lookup("torch.Size"), null, t(t(1)))).toThrow(refused("got a tuple"));
  });
});

describe("other names", () => {
  test("storages have their dtype, and an untyped one none", () => {
    expect(lookup("torch.BFloat16Storage")).toEqual(new StorageType("bfloat16"));
    expect(lookup("torch.storage.UntypedStorage")).toEqual(new StorageType(undefined));
  });

  test("a dict of nothing, of a dict, or of pairs as Python 2 has them", () => {
    const entries = (value: Value) => [...(value as Dict).entries];
    expect(entries(call("collections.OrderedDict"))).toEqual([]);
    const pairs = [["a", 1], t("b", 2)] as Value[];
    const dict = call("collections.OrderedDict", pairs);
    expect(entries(dict)).toEqual([
      ["a", 1],
      ["b", 2],
    ]);
    expect(entries(call("collections.Counter", dict))).toEqual([
      ["a", 1],
      ["b", 2],
    ]);
    for (const wrong of [3, "ab", ["a"], [["a"]], [["a", 1, 2]], [[[], 1]]] as Value[])
      expect(() => call("collections.OrderedDict", wrong)).toThrow(refused("a dict"));
  });

  test("a size is a tuple; sets, bytes and devices are left alone", () => {
    expect(call("torch.Size", t(2, 3))).toEqual(t(2, 3));
    expect(call("torch.device", "cuda", 0)).toMatchObject({ what: "a torch.device" });
    expect(call("__builtin__.set", [1, 2])).toMatchObject({ what: "a builtins.set" });
    expect(call("_codecs.encode", "\u00ff", "latin1")).toMatchObject({ what: "a _codecs.encode" });
  });

  test.each([
    "os.system",
    "posix.system",
    "nt.system",
    "subprocess.Popen",
    "builtins.eval",
    "builtins.exec",
    "builtins.getattr",
    "__builtin__.eval",
    "__builtin__.__import__",
    "runpy._run_code",
    "torch.load",
    "torch.hub.load",
    "torch._utils._rebuild_sparse_tensor",
    "torch._utils._rebuild_qtensor",
    "torch.ShortStorage",
    "torch.int16",
    "torch.__proto__",
    "constructor",
    "__proto__",
    "numpy.core.multiarray.scalar",
    "argparse.Namespace",
    "torch.float32.__class__",
    "",
  ])("%s is refused by name", (name) => {
    expect(() => lookup(name)).toThrow(refused(`got ${name};`));
  });
});
