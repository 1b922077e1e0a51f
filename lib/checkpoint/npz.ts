import { shown } from "./damage.js";
import { behind, tensorEntry } from "./entry.js";
import { npyStart, parseNpy } from "./npy.js";
import type { Source } from "./source.js";
import { bytesOf } from "./strided.js";
import type { WeightEntry } from "./weights.js";
import type { Member } from "./zip-member.js";

const suffix = ".npy";
/** Most headers are of 128 bytes. */
const firstBytes = 256;

/** Whether these are the members of NumPy's .npz format: arrays and nothing else. */
export function isNpz(members: ReadonlyMap<string, Member>): boolean {
  return members.size > 0 && [...members.keys()].every((name) => name.endsWith(suffix));
}

/**
 * The arrays of an archive by their names.
 *
 * @throws SsdError BAD_CHECKPOINT.
 */
export async function readNpz(
  source: Source,
  members: ReadonlyMap<string, Member>,
): Promise<Map<string, WeightEntry>> {
  const entries = new Map<string, WeightEntry>();
  for (const member of members.values()) {
    const name = member.name.slice(0, -suffix.length);
    const bad = (why: string) => source.bad(`array ${shown(name)}: ${why}`);
    let head = await member.peek(firstBytes);
    const start = npyStart(head, bad);
    if (start > head.length) head = await member.peek(start);
    source.budget.take(4 * head.length, `array ${shown(name)}`);
    if (start > head.length) throw bad("expected a whole header (cut short?)");
    const view = parseNpy(head.subarray(0, start), bad);
    const expected = start + bytesOf(view);
    if (member.size !== expected)
      throw bad(`expected ${expected} bytes for [${view.shape}], got ${member.size}`);
    entries.set(name, tensorEntry(source, name, view, behind(member, start)));
  }
  return entries;
}
