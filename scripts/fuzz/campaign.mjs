import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mutateBytes } from "./bytes.mjs";
import { Random } from "./random.mjs";
import { mutateStructure } from "./structure.mjs";

// Gives readers of weight files many broken ones. Whatever is in a file, a reader must give its
// tensors or BAD_CHECKPOINT, within a second and within its memory.

const slowest = 1000;
const spare = 64 * 2 ** 20;
/** Mutants of mutants stay this small, so that cases stay fast. */
const largest = 2 ** 16;
const mostKept = 600;

/** Sound files of a folder, as bytes by name. */
export function seedFiles(folder) {
  return readdirSync(folder)
    .filter((name) => /\.(pth|npz|safetensors)$/.test(name))
    .sort()
    .map((name) => ({ name, bytes: readFileSync(join(folder, name)) }));
}

/**
 * Runs `cases` cases, each a few changes of a seed or of a mutant that was kept. A mutant is kept
 * when its outcome (format with count and size of tensors, or error sentence without names and
 * numbers) was not seen before: the search is guided by outcomes, not by coverage of the code.
 *
 * @param reader `Source`, `weightsOf`, `openWeights`, `readSafetensors`: the readers under test.
 * @param file Where each case is written; the last one is left there when a case fails.
 * @param onCase Called after each case with the number of cases done.
 * @returns counts of outcomes, the extremes, and the failure if there was one.
 */
export async function campaign({ reader, seeds, file, cases, seed, onCase = () => {} }) {
  const random = new Random(seed);
  const kept = [];
  const outcomes = new Map();
  const most = { ms: 0, bytes: 0, counted: 0 };
  for (let done = 0; done < cases; ) {
    const bytes = mutate(random, seeds, kept);
    writeFileSync(file, bytes);
    const { outcome, failure, ...cost } = await runCase(reader, file, bytes, done);
    done++;
    most.ms = Math.max(most.ms, cost.ms);
    most.bytes = Math.max(most.bytes, cost.bytes);
    most.counted = Math.max(most.counted, cost.counted);
    if (failure !== undefined) return { cases: done, outcomes, most, kept: kept.length, failure };
    if (!outcomes.has(outcome) && bytes.length <= largest && kept.length < mostKept)
      kept.push(bytes);
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    onCase(done);
  }
  return { cases, outcomes, most, kept: kept.length, failure: undefined };
}

function mutate(random, seeds, kept) {
  const from = () =>
    kept.length > 0 && random.chance(0.4) ? random.pick(kept) : random.pick(seeds).bytes;
  const [bytes, other] = [from(), from()];
  const structured = random.chance(0.7) ? mutateStructure(bytes, random, other) : undefined;
  if (structured === undefined) return mutateBytes(bytes, random, other);
  return random.chance(0.1) ? mutateBytes(structured, random, other) : structured;
}

async function runCase(reader, file, bytes, index) {
  let result = await measured(reader, file, bytes, index);
  // A busy machine, or the garbage of the cases before: what is the file's fault stays.
  for (let again = 0; again < 2 && result.failure !== undefined; again++) {
    result = await measured(reader, file, bytes, index);
  }
  return result;
}

async function measured(reader, file, bytes, index) {
  const memory = new Memory();
  const start = performance.now();
  const limit = 4 * bytes.length + spare;
  try {
    const outcome = await readAll(reader, file, limit, index, memory);
    const ms = performance.now() - start;
    const failure =
      ms > slowest
        ? `took ${ms.toFixed(0)} ms`
        : memory.most > limit
          ? `took ${memory.most} bytes of memory, ${limit} are allowed`
          : undefined;
    return { outcome, ms, bytes: memory.most, counted: memory.counted, failure };
  } catch (error) {
    return {
      outcome: "failure",
      ms: 0,
      bytes: 0,
      counted: 0,
      failure: error.stack ?? String(error),
    };
  }
}

/** Reads all tensors; returns the outcome in a few words, throws whatever must not happen. */
async function readAll(reader, file, limit, index, memory) {
  const whole = await outcomeOf(() => reader.readSafetensors(file));
  memory.sample();
  // Every other case by the public way: nothing may be left open when opening fails.
  const open = index % 2 === 0 ? reader.openWeights : openByHand;
  const lazy = await outcomeOf(async () => {
    const weights = await open(file, reader, memory);
    try {
      let total = 0;
      for (const [name, entry] of weights.tensors) {
        const data = await entry.read();
        const expected = entry.shape.reduce((product, side) => product * side, width[entry.dtype]);
        if (name !== entry.name || data.byteLength !== expected)
          throw new Error(`${name}: expected ${expected} bytes, got ${data.byteLength}`);
        total += data.byteLength;
        memory.sample();
      }
      if (total > limit) throw new Error(`${total} bytes of tensors, ${limit} are allowed`);
      // A power of four tells one outcome from another, and leads to files that stand for large ones.
      const size = Math.ceil(Math.log2(total + 1) / 2);
      return `${weights.format}, ${weights.tensors.size} tensors, below 4^${size} bytes`;
    } finally {
      await weights.close();
    }
  });
  memory.sample();
  if (lazy.startsWith("safetensors") !== !whole.startsWith("refused"))
    throw new Error(`expected two readers to agree, got "${whole}" and "${lazy}"`);
  return lazy;
}

// Said again here: whoever is checked is not asked.
const width = {
  float32: 4,
  float64: 8,
  float16: 2,
  bfloat16: 2,
  int64: 8,
  int32: 4,
  uint8: 1,
  bool: 1,
};

async function openByHand(file, reader, memory) {
  const source = await reader.Source.open(file);
  try {
    const weights = await reader.weightsOf(source);
    const { taken, limit } = source.budget;
    if (!(taken <= limit)) throw new Error(`counted ${taken} bytes, ${limit} are allowed`);
    memory.counted = taken;
    return weights;
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** What `work` gave, or the sentence of a BAD_CHECKPOINT without names and numbers. */
async function outcomeOf(work) {
  try {
    const result = await work();
    return typeof result === "string" ? result : "read";
  } catch (error) {
    if (error?.name !== "SsdError" || error.code !== "BAD_CHECKPOINT") throw error;
    if (/[\n\r]/.test(error.message)) throw new Error(`more than one line: ${error.message}`);
    return `refused: ${signature(error.message)}`;
  }
}

/** A sentence without the names, numbers and pieces of the file that are in it. */
function signature(message) {
  return message
    .replace(/^\S*: /, "")
    .replace(/(fileName|signature|header): .*/, "$1 …")
    .replace(/(member|array|tensor|member for) [^:]*(:|(?= at)|, got)/g, "$1 …$2")
    .replace(/: \S+ ends at/, ": … ends at")
    .replace(/, got .*/, ", got …")
    .replace(/\[[^\]]*\]/g, "[…]")
    .replace(/\d+/g, "0")
    .slice(0, 100);
}

/** Growth of what JavaScript and its buffers hold, as far as it is seen when sampled. */
class Memory {
  #start = now();
  most = 0;
  /** What the reader says it takes. */
  counted = 0;

  sample() {
    this.most = Math.max(this.most, now() - this.#start);
  }
}

function now() {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
