import { shown } from "./damage.js";
import type { Extent } from "./entry.js";
import { tensorEntry } from "./entry.js";
import { namedTensors } from "./flatten.js";
import { unpickle } from "./pickle.js";
import { torchGlobals } from "./pickle-globals.js";
import { CutShort, PickleInput } from "./pickle-input.js";
import type { World } from "./pickle-machine.js";
import { Storages, storageBytes } from "./pickle-storages.js";
import type { PickledTensor, Storage } from "./pickle-values.js";
import type { Source } from "./source.js";
import type { WeightEntry } from "./weights.js";
import type { Member } from "./zip-member.js";

// PyTorch's files since 1.6: a ZIP archive NAME/data.pkl, NAME/data/KEY, NAME/byteorder, NAME/version.

/** Formats of the archive that PyTorch reads (caffe2/serialize/versions.h). */
const versions = { first: 1, last: 10 };

/** The world of a pickle of tensors in a file. */
export function torchWorld(source: Source, storages: Storages): World {
  const about = { bad: (why: string) => source.bad(why), budget: source.budget };
  return { ...about, global: torchGlobals(about), persistent: (id) => storages.persistent(id) };
}

/** The folders in an archive that hold PyTorch's files; one, in a sound one of them. */
export function torchFolders(members: ReadonlyMap<string, Member>): string[] {
  return [...members.keys()].flatMap((name) => /^([^/]+\/)data\.pkl$/.exec(name)?.[1] ?? []);
}

/**
 * The tensors of an archive by {@link namedTensors}.
 *
 * @throws SsdError BAD_CHECKPOINT.
 */
export async function readPth(
  source: Source,
  members: ReadonlyMap<string, Member>,
  folder: string,
): Promise<Map<string, WeightEntry>> {
  await checkRecords(source, members, folder);
  const storages = new Storages((why) => source.bad(why));
  const world = torchWorld(source, storages);
  const value = await readPickle(source, members.get(`${folder}data.pkl`)!, world);
  const tensors = namedTensors(value, world);
  const extents = new Map<Storage, Extent>();
  for (const [storage, users] of usersOf(tensors)) {
    const name = `${folder}data/${storage.key}`;
    const member = members.get(name);
    if (member === undefined) throw source.bad(`expected a member ${shown(name)}, got none`);
    const bytes = storageBytes(storage);
    if (member.size !== bytes)
      throw source.bad(`member ${shown(name)}: expected ${bytes} bytes, got ${member.size}`);
    extents.set(storage, users > 1 && member.deflated ? kept(source, member) : member);
  }
  return entriesOf(source, tensors, (storage) => extents.get(storage)!);
}

/** Entries of tensors whose storages lie in `extentOf`. */
export function entriesOf(
  source: Source,
  tensors: ReadonlyMap<string, PickledTensor>,
  extentOf: (storage: Storage) => Extent,
): Map<string, WeightEntry> {
  const entries = new Map<string, WeightEntry>();
  for (const [name, { storage, view }] of tensors)
    entries.set(name, tensorEntry(source, name, view, extentOf(storage)));
  return entries;
}

function usersOf(tensors: ReadonlyMap<string, PickledTensor>): Map<Storage, number> {
  const users = new Map<Storage, number>();
  for (const { storage } of tensors.values()) users.set(storage, (users.get(storage) ?? 0) + 1);
  return users;
}

/** Bytes that are inflated once for all the tensors that lie in them. */
function kept(source: Source, member: Member): Extent {
  source.budget.take(member.cost(0, member.size), `member ${shown(member.name)}`);
  let whole: Promise<Uint8Array> | undefined;
  return {
    size: member.size,
    async read(begin, end) {
      whole ??= member.read(0, member.size);
      return new Uint8Array((await whole).subarray(begin, end));
    },
    cost: (begin, end) => end - begin,
  };
}

async function checkRecords(
  source: Source,
  members: ReadonlyMap<string, Member>,
  folder: string,
): Promise<void> {
  const names = [...members.keys()];
  const script = (name: string) => /^(constants\.pkl$|code\/)/.test(name.slice(folder.length));
  if (names.some((name) => name.startsWith(folder) && script(name)))
    throw source.bad(
      "expected the weights of a model, got a model of TorchScript; save its state_dict() with torch.save",
    );
  const order = await record(source, members.get(`${folder}byteorder`));
  if (order !== undefined && order !== "little")
    throw source.bad(`expected little-endian numbers, got byteorder ${shown(order)}`);
  const version = Number(await record(source, members.get(`${folder}version`)));
  if (!(version >= versions.first && version <= versions.last))
    throw source.bad(
      `expected a version from ${versions.first} to ${versions.last} of the format, got ${version}`,
    );
}

/** The text of a small member. */
async function record(source: Source, member: Member | undefined): Promise<string | undefined> {
  if (member === undefined) return undefined;
  if (member.size > 64)
    throw source.bad(`member ${shown(member.name)}: expected a word, got ${member.size} bytes`);
  return Buffer.from(await member.read(0, member.size))
    .toString("latin1")
    .trim();
}

async function readPickle(source: Source, member: Member, world: World) {
  source.budget.take(member.cost(0, member.size), "its pickle");
  const bytes = await member.read(0, member.size);
  const input = new PickleInput(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
  try {
    const value = unpickle(input, world);
    if (input.rest > 0) throw source.bad(`expected one pickle, got ${input.rest} bytes behind it`);
    return value;
  } catch (error) {
    if (!(error instanceof CutShort)) throw error;
    throw source.bad("expected a whole pickle, got an end within it (cut short?)");
  }
}
