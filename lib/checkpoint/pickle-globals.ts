import type { SsdError } from "../errors.js";
import type { DType } from "../native-engine.js";
import { objectBytes } from "./budget.js";
import { shown } from "./damage.js";
import type { World } from "./pickle-machine.js";
import {
  Callable,
  Dict,
  isKey,
  kindOf,
  Opaque,
  PickledTensor,
  Storage,
  StorageType,
  Tuple,
  type Value,
} from "./pickle-values.js";
import { isNatural, isShape } from "./strided.js";

// The names that pickles of tensors refer to (PyTorch, torch/_utils.py), and what stands for them.

type Args = readonly (Value | undefined)[];
type Bad = (why: string) => SsdError;

const storages: Record<string, DType> = {
  FloatStorage: "float32",
  DoubleStorage: "float64",
  HalfStorage: "float16",
  BFloat16Storage: "bfloat16",
  LongStorage: "int64",
  IntStorage: "int32",
  ByteStorage: "uint8",
  BoolStorage: "bool",
};

/** A dtype as a value of its own. */
class DTypeName extends Opaque {
  readonly dtype: DType;

  constructor(dtype: DType) {
    super(`torch.${dtype}`);
    this.dtype = dtype;
  }
}

/** Classes whose objects hold nothing that a tensor needs. */
const opaque = [
  "torch.device",
  "torch.Tensor",
  "torch.nn.parameter.Parameter",
  "torch.nn.parameter.Buffer",
  "builtins.set",
  "builtins.frozenset",
  "builtins.complex",
  "builtins.bytearray",
  "_codecs.encode",
];

/** The globals for one pickle; errors are about its file. */
export function torchGlobals(world: Omit<World, "global" | "persistent">): World["global"] {
  const bad: Bad = (why) => world.bad(why);
  const known = new Map<string, Value>();
  const define = (name: string, call: Callable["call"]) =>
    known.set(name, new Callable(name, call));
  for (const [name, dtype] of Object.entries(storages)) {
    known.set(`torch.${name}`, new StorageType(dtype));
    known.set(`torch.${dtype}`, new DTypeName(dtype));
  }
  known.set("torch.storage.UntypedStorage", new StorageType(undefined));
  for (const name of opaque) define(name, () => new Opaque(`a ${name}`));
  define("torch.Size", ([sides]) => (sides instanceof Tuple ? sides : new Tuple([])));
  const dict = (args: Args) => dictOf(args, bad, world.budget);
  define("collections.OrderedDict", dict);
  define("collections.Counter", dict);
  define("torch._utils._rebuild_tensor", (args) => rebuild(args, 4, bad));
  define("torch._utils._rebuild_tensor_v2", (args) => rebuild(args, 6, bad));
  define("torch._utils._rebuild_tensor_v3", (args) => rebuild(args, 7, bad));
  define("torch._utils._rebuild_parameter", ([data]) => tensor(data, bad));
  define("torch._utils._rebuild_parameter_with_state", ([data]) => tensor(data, bad));
  define("torch._tensor._rebuild_from_type_v2", ([callee, , args]) => {
    if (!(callee instanceof Callable) || !(args instanceof Tuple))
      throw bad(`expected a function that rebuilds a tensor, got ${kindOf(callee)}`);
    return tensor(callee.call(args.items), bad);
  });
  return (name) => {
    // Protocols 2 and before have Python 2's name of the module.
    const value = known.get(name.replace(/^__builtin__\./, "builtins."));
    if (value !== undefined) return value;
    throw bad(
      `expected only what rebuilds tensors of ${Object.values(storages).join(", ")}, got ${shown(name)}; nothing of the file was run (save a state_dict() instead)`,
    );
  };
}

function tensor(value: Value | undefined, bad: Bad): PickledTensor {
  if (value instanceof PickledTensor) return value;
  throw bad(`expected a tensor, got ${kindOf(value)}`);
}

/** Without arguments, from a dict, or from pairs, which are Python 2's way of an OrderedDict. */
function dictOf([from = []]: Args, bad: Bad, budget: World["budget"]): Dict {
  const dict = new Dict();
  const pairs = from instanceof Dict ? from.entries : from;
  if (!Array.isArray(pairs) && !(from instanceof Dict))
    throw bad(`expected pairs of a dict, got ${kindOf(from)}`);
  for (const pair of pairs as Iterable<Value>) {
    const [key, value, ...more] =
      pair instanceof Tuple ? pair.items : Array.isArray(pair) ? pair : [];
    if (key === undefined || value === undefined || more.length > 0 || !isKey(key))
      throw bad(`expected a pair of a dict, got ${kindOf(pair)}`);
    budget.take(2 * objectBytes, "a dict of its pickle");
    dict.set(key, value);
  }
  return dict;
}

/**
 * A tensor from `(storage, offset, size, stride, requires_grad, hooks[, dtype], metadata)`; `count`
 * says how many of them there must be.
 */
function rebuild(args: Args, count: number, bad: Bad): PickledTensor {
  const [storage, offset, size, stride] = args;
  const metadata = args[count];
  if (args.length < count || args.length > count + 1 || !(storage instanceof Storage))
    throw bad(`expected a tensor of a storage, got ${args.length} arguments`);
  const named = count === 7 ? args[6] : undefined;
  const dtype = named instanceof DTypeName ? named.dtype : storage.dtype;
  if (dtype === undefined || (count === 7 && !(named instanceof DTypeName)))
    throw bad(`expected a tensor with a dtype, got ${kindOf(named)}`);
  const shape = size instanceof Tuple ? [...size.items] : undefined;
  const strides = stride instanceof Tuple ? stride.items : [];
  if (!isShape(shape)) throw bad("expected a tensor whose size is of integers from 0 on");
  if (strides.length !== shape.length || !strides.every(isNatural) || !isNatural(offset))
    throw bad("expected a tensor whose offset and strides are integers from 0 on");
  if (metadata instanceof Dict && [...metadata.entries].some(([, flag]) => flag !== false))
    throw bad("expected a tensor as it lies in memory, got one that is negated or conjugated");
  return new PickledTensor(storage, { dtype, shape, strides: strides as number[], offset });
}
