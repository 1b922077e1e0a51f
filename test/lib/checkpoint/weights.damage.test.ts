import { readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { inspectWeights } from "../../../lib/checkpoint/inspect.js";
import { writeSafetensors } from "../../../lib/checkpoint/safetensors.js";
import { SsdError } from "../../../lib/errors.js";
import { counting } from "../../support/pickle.js";
import { failure } from "../../support/small.js";
import { temporaryFolder } from "../../support/temporary.js";
import { weightFile, weightFolder } from "../../support/weight-files.js";

// Damage of sound files: what carries checksums is read as it was, or not at all.

async function ownSafetensors(): Promise<Buffer> {
  const file = join(temporaryFolder(), "own.safetensors");
  const data = counting(64);
  await writeSafetensors(file, [{ name: "a", dtype: "float32", shape: [4, 4], data }], {});
  return readFile(file);
}

const golden = (name: string) => () => Promise.resolve(readFileSync(join(weightFolder, name)));

const files: [string, () => Promise<Buffer>][] = [
  ["a .pth", golden("tensor.pth")],
  ["an old .pth", golden("dtypes.legacy.pth")],
  ["an .npz", golden("dtypes.npz")],
  ["an .npz that is deflated", golden("orders.compressed.npz")],
  ["a safetensors file", golden("dtypes.safetensors")],
  ["a safetensors file of ours", ownSafetensors],
];

test.each(files)("%s cut short at any byte is refused by name", async (_what, make) => {
  const bytes = await make();
  const file = await weightFile(bytes);
  for (let length = 0; length < bytes.length; length++) {
    await writeFile(file, bytes.subarray(0, length));
    const outcome = await inspectWeights(file).catch((error: unknown) => error);
    if (!isRefusal(outcome, file)) expect(outcome, `${length} bytes`).toBe("refused");
  }
});

/** What `failure` looks for, by itself: it is asked for thousands of times. */
function isRefusal(outcome: unknown, file: string): boolean {
  return (
    outcome instanceof SsdError &&
    outcome.code === "BAD_CHECKPOINT" &&
    outcome.message.startsWith(`${file}: `)
  );
}

test.each(files)("%s with a byte too many is refused", async (_what, make) => {
  const file = await weightFile(Buffer.concat([await make(), Buffer.alloc(1)]));
  await expect(inspectWeights(file)).rejects.toEqual(failure("BAD_CHECKPOINT", file));
});

/** What is read of `bytes` with bits of the byte at `at` inverted, or the error. */
async function flipped(file: string, bytes: Buffer, at: number, bits: number) {
  const damaged = Buffer.from(bytes);
  damaged[at]! ^= bits;
  await writeFile(file, damaged);
  return inspectWeights(file).catch((error: unknown) => error);
}

// Old files of PyTorch and the headers of safetensors have no checksum.
const checked = files.filter(([what]) => !/old|safetensors/.test(what));

test.each(checked)(
  "%s with any byte changed is refused, or read as it was",
  async (_what, make) => {
    const bytes = await make();
    const file = await weightFile(bytes);
    const sound = await inspectWeights(file);
    let refused = 0;
    for (let times = 0; times < 800; times++) {
      const at = Math.floor(Math.random() * bytes.length);
      const bits = 1 << Math.floor(Math.random() * 8);
      const outcome = await flipped(file, bytes, at, bits);
      if (isRefusal(outcome, file)) refused++;
      else if (JSON.stringify(outcome) !== JSON.stringify(sound))
        expect(outcome, `byte ${at}, bits ${bits}`).toEqual(sound);
    }
    // What may change is times, paddings and members that hold no weights.
    expect(refused).toBeGreaterThan(150);
  },
);

test("a safetensors file of ours with any tensor byte changed is refused", async () => {
  const bytes = await ownSafetensors();
  const file = await weightFile(bytes);
  for (let at = bytes.length - 64; at < bytes.length; at++) {
    const outcome = await flipped(file, bytes, at, 1 + Math.floor(Math.random() * 255));
    expect(outcome).toEqual(failure("BAD_CHECKPOINT", file, "sha256", "damaged"));
  }
});
