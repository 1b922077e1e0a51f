import { copyFile, link, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { fillAll, storedEntries } from "../checkpoint/fill.js";
import type { StoredTensors } from "../checkpoint/safetensors.js";
import { readCheckpoint, saveModel, stored } from "../checkpoint/store.js";
import { makeWhole } from "../data/whole.js";
import type { Detector } from "../detector.js";
import { reason, SsdError } from "../errors.js";
import type { NativeSession } from "../native-session.js";
import type { EpochSummary, LossTerms } from "./events.js";

// Where a run stands, and how it is kept: `checkpoints/epoch-NNN.safetensors` holds weights, the
// average of them if one is kept, optimizer and position; `last` and `best` are the same files under a
// second name.

const terms = z.strictObject({
  total: z.number(),
  conf: z.number(),
  loc: z.number(),
  soft: z.number().optional(),
  l2: z.number().optional(),
});

const position = z.object({
  /** 0-based epoch under way, and how many of its steps are done. */
  epoch: z.int().min(0),
  batch: z.int().min(0),
  step: z.int().min(0),
  sums: terms,
  /** Steps of the epoch that the sums leave out: skipped ones without a finite loss. */
  lost: z.int().min(0).default(0),
  best: z.object({ epoch: z.int(), map: z.number() }),
  history: z.array(z.custom<EpochSummary>()),
  seed: z.int(),
  pictures: z.int(),
  /** Pictures a step: `batch` counts steps of this size. */
  batchSize: z.int().positive(),
  /** Batches a step. */
  accumulate: z.int().positive().default(1),
  teacher: z.string().optional(),
  /** Whether the weights are averaged. */
  ema: z.boolean().default(false),
});

/** Where a run stands: enough to go on as if it had never stopped. */
export type Position = z.output<typeof position>;

/** Sums of no steps yet. */
export function noTerms(distilled: boolean): LossTerms {
  return { total: 0, conf: 0, loc: 0, ...(distilled ? { soft: 0, l2: 0 } : {}) };
}

/** The run folder's checkpoints. */
export class Checkpoints {
  constructor(
    private readonly folder: string,
    private readonly keep: number,
  ) {}

  path(name: string): string {
    return join(this.folder, "checkpoints", `${name}.safetensors`);
  }

  /** Saves everything under `name`, and lets `last`, and `best` if it is, stand for it. */
  async save(
    name: string,
    student: Detector,
    session: NativeSession,
    at: Position,
    isBest: boolean,
  ): Promise<string> {
    const extra = Object.entries(session.state("")).map(([key, t]) => stored(key, t));
    const { preset, classes } = student;
    const file = this.path(name);
    await saveModel(file, student.native, { preset, classes: [...classes], training: at }, extra);
    for (const alias of isBest ? ["last", "best"] : ["last"]) {
      if (alias !== name) await relink(file, this.path(alias));
    }
    await this.purge();
    return file;
  }

  /** Where the run of `last` stands. */
  async position(): Promise<Position> {
    return (await this.read()).at;
  }

  /** Loads the weights of `last` into the student; the session's state is for {@link restoreState}. */
  async resume(student: Detector): Promise<{ at: Position; tensors: StoredTensors["tensors"] }> {
    const { file, at, tensors, preset, classes } = await this.read();
    if (preset.name !== student.preset.name || classes.join() !== student.classes.join()) {
      throw new SsdError(
        "BAD_CHECKPOINT",
        `${file}: expected ${student.preset.name} for ${student.classes}, got ${preset.name} for ${classes}`,
      );
    }
    await fillAll(student.native, storedEntries(tensors), file);
    return { at, tensors };
  }

  private async read() {
    const file = this.path("last");
    const { training, ...rest } = await readCheckpoint(file);
    const parsed = position.safeParse(training);
    if (parsed.success) return { ...rest, file, at: parsed.data };
    throw new SsdError("BAD_CHECKPOINT", `${file}: expected the position of a run, got none`);
  }

  private async purge(): Promise<void> {
    const folder = join(this.folder, "checkpoints");
    const epochs = (await readdir(folder)).filter((name) => /^epoch-\d+\.safetensors$/.test(name));
    const old = epochs.sort().slice(0, Math.max(0, epochs.length - this.keep));
    for (const name of old) await rm(join(folder, name), { force: true });
  }
}

/**
 * Restores a part of the session's state from a checkpoint's tensors.
 *
 * @throws SsdError BAD_CHECKPOINT when a tensor of it is not there, or of another size.
 */
export function restoreState(
  session: NativeSession,
  tensors: StoredTensors["tensors"],
  prefix: "optimizer." | "ema." | "scaler.",
): void {
  for (const [name, target] of Object.entries(session.state(prefix))) {
    target.dispose();
    const tensor = tensors.get(name);
    if (tensor === undefined) {
      throw new SsdError("BAD_CHECKPOINT", `expected state ${name}, got a checkpoint without it`);
    }
    session.loadState(name, tensor.data);
  }
}

/** Gives a file a second name, atomically; a copy where the file system has no hard links. */
async function relink(file: string, alias: string): Promise<void> {
  try {
    await makeWhole(alias, (temporary) =>
      link(file, temporary).catch(() => copyFile(file, temporary)),
    );
  } catch (error) {
    throw new SsdError("BAD_CHECKPOINT", `expected to write ${alias}: ${reason(error)}`);
  }
}
