import type { DType } from "../native-engine.js";
import { shown } from "./damage.js";
import { isNpz, readNpz } from "./npz.js";
import { readPth, torchFolders } from "./pth.js";
import { readLegacyPth } from "./pth-legacy.js";
import { openSafetensors } from "./safetensors.js";
import { looksLikeSafetensors } from "./safetensors-header.js";
import { Source } from "./source.js";
import { readZip } from "./zip.js";

/** A tensor in a weight file of any format; its bytes are read when they are asked for. */
export interface WeightEntry {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  /**
   * Row-major little-endian elements, whatever the strides in the file.
   *
   * @throws SsdError BAD_CHECKPOINT when the bytes are damaged or cut short, DISPOSED after `close`.
   */
  read(): Promise<Uint8Array>;
}

/** A weight file that is open for reading. */
export interface WeightFile {
  readonly file: string;
  readonly format: "safetensors" | "npz" | "pth";
  /** What the file says about itself; only safetensors says anything. */
  readonly metadata: Readonly<Record<string, string>>;
  /** By name, in the order of the file. */
  readonly tensors: ReadonlyMap<string, WeightEntry>;
  close(): Promise<void>;
}

/**
 * Opens a weight file: safetensors, NumPy's `.npz`, or what PyTorch's `torch.save` wrote (`.pth`). Its
 * content tells the format. A `.pth` is read as data, no code of it is run; values in values give
 * dotted names (`state_dict.vgg.0.weight`), a tensor by itself is named `tensor`, and what is no
 * tensor is left out.
 *
 * @throws SsdError BAD_CHECKPOINT when it cannot be read, is none, or takes more memory than four
 *   times its size and 64 MiB.
 */
export async function openWeights(file: string): Promise<WeightFile> {
  const source = await Source.open(file);
  try {
    return await weightsOf(source);
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** As {@link openWeights}, of a file that is open; closing the weights closes it. */
export async function weightsOf(source: Source): Promise<WeightFile> {
  const { file } = source;
  const content = await readContent(source);
  return { file, metadata: {}, ...content, close: () => source.close() };
}

type Content = Pick<WeightFile, "format" | "tensors"> & Partial<Pick<WeightFile, "metadata">>;

async function readContent(source: Source): Promise<Content> {
  const head = await source.read(0, Math.min(512, source.size));
  if (looksLikeSafetensors(head, source.size))
    return { format: "safetensors", ...(await openSafetensors(source)) };
  const start = head.toString("latin1");
  if (start.startsWith("PK")) return readArchive(source);
  if (start.startsWith("ustar", 257))
    throw source.bad(
      "expected weights, got a tar archive as PyTorch 0.1 wrote them; load and save it with a newer PyTorch",
    );
  if (head[0] === 0x80 && head[8] !== 0x7b)
    return { format: "pth", tensors: await readLegacyPth(source) };
  if (start.startsWith("\x93NUMPY"))
    throw source.bad("expected arrays with names, got a single one (.npy); save it with np.savez");
  // Not one, or cut short, which its own sentence tells.
  if (head[8] === 0x7b) return { format: "safetensors", ...(await openSafetensors(source)) };
  throw source.bad(
    `expected weights (safetensors, .npz or PyTorch's .pth), got ${source.size} bytes that begin with ${shown(start.slice(0, 16))}`,
  );
}

async function readArchive(source: Source): Promise<Content> {
  const members = await readZip(source);
  const [folder, ...more] = torchFolders(members);
  if (more.length > 0) throw source.bad(`expected one data.pkl, got ${more.length + 1}`);
  if (folder !== undefined)
    return { format: "pth", tensors: await readPth(source, members, folder) };
  if (isNpz(members)) return { format: "npz", tensors: await readNpz(source, members) };
  throw source.bad(
    `expected an archive of PyTorch (with data.pkl) or NumPy (of .npy), got one of ${members.size} other members`,
  );
}
