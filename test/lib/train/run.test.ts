import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { readSafetensors } from "../../../lib/checkpoint/safetensors.js";
import { voc } from "../../../lib/data/voc.js";
import { SsdError } from "../../../lib/errors.js";
import type { Step, TrainEvent } from "../../../lib/train/events.js";
import { type TrainOptions, train } from "../../../lib/train/run.js";
import { Trainer } from "../../../lib/train/trainer.js";
import { failure, ownCache, shapes, smallDetector } from "../../support/small.js";
import { temporaryFolder } from "../../support/temporary.js";

beforeEach(() => {
  ownCache();
});

/** Ten pictures to train on in five steps an epoch, two to validate. */
function options(more: Partial<TrainOptions> = {}): TrainOptions {
  return { data: shapes(), epochs: 2, batch: 2, valFraction: 0.15, threads: 1, ...more };
}

/** What everything tells, in order, steps and pictures in short. */
async function kindsOf(more: Partial<TrainOptions> = {}): Promise<string[]> {
  const kinds: string[] = [];
  const onEvent = ({ kind }: TrainEvent) => kinds.push(kind);
  await train(smallDetector(), options({ onEvent, ...more })).done;
  return kinds.filter((kind, i) => kind !== kinds[i - 1]);
}

describe("a run", () => {
  test("gives every step to whoever iterates, in order", async () => {
    const run = train(smallDetector(), options());
    const steps: Step[] = [];
    for await (const step of run) steps.push(step);
    expect(steps.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(steps.map(({ epoch, batch }) => [epoch, batch])).toEqual(
      [1, 2].flatMap((epoch) => [1, 2, 3, 4, 5].map((batch) => [epoch, batch])),
    );
    for (const { loss, batches, lr, dataMs, stepMs } of steps) {
      expect(loss.total).toBeCloseTo(loss.conf + loss.loc, 4);
      expect([batches, lr > 0, dataMs >= 0, stepMs > 0]).toEqual([5, true, true, true]);
    }
    const report = await run.done;
    expect(report).toMatchObject({ epochs: 2, steps: 10, finished: true });
    expect(report.history.map(({ epoch }) => epoch)).toEqual([1, 2]);
  });

  test("finishes when nobody iterates, and gives late readers what waits", async () => {
    const run = train(smallDetector(), options());
    expect(await run.done).toMatchObject({ steps: 10, finished: true });
    const late: number[] = [];
    for await (const { step } of run) late.push(step);
    expect(late).toHaveLength(10);
  });

  test("tells what it does in order", async () => {
    const epoch = ["step", "validate", "epoch"];
    expect(await kindsOf()).toEqual(["data", "space", "pack", "phase", ...epoch, ...epoch]);
    const saving = [...epoch, "saved"];
    expect(await kindsOf({ out: temporaryFolder() })).toEqual([
      "data",
      "space",
      "pack",
      "phase",
      ...saving,
      ...saving,
    ]);
    const teacher = smallDetector(1);
    expect((await kindsOf({ distill: { teacher } })).slice(0, 5)).toEqual([
      "data",
      "space",
      "pack",
      "teacher",
      "phase",
    ]);
    expect(await kindsOf({ freeze: { epochs: 1 } })).toEqual([
      ...["data", "space", "pack", "phase", ...epoch],
      ...["phase", ...epoch],
    ]);
    expect(await kindsOf({ evalEvery: 2 })).toEqual([
      ...["data", "space", "pack", "phase", "step", "epoch"],
      ...epoch,
    ]);
    expect(await kindsOf({ valFraction: 0, epochs: 1 })).toEqual([
      ...["data", "space", "pack", "phase", "step", "epoch"],
    ]);
  });

  test("an epoch's loss is the mean of its steps', and the article's total divides by one more", async () => {
    const steps: Step[] = [];
    const run = train(smallDetector(), options({ epochs: 1 }));
    for await (const step of run) steps.push(step);
    const [epoch] = (await run.done).history;
    for (const term of ["total", "conf", "loc"] as const) {
      const sum = steps.reduce((all, { loss }) => all + loss[term], 0);
      expect(epoch!.loss[term]).toBeCloseTo(sum / 5, 6);
    }
    expect(epoch!.articleTotal).toBeCloseTo(((epoch!.loss.conf + epoch!.loss.loc) * 5) / 6, 6);
    expect(epoch!.val!.total).toBe(epoch!.val!.conf + epoch!.val!.loc);
    expect(epoch!.lr).toBe(steps.at(-1)!.lr);
  });

  test("leaves its folder whole: options, metrics, checkpoints, weights, report", async () => {
    const out = join(temporaryFolder(), "new", "run");
    const { weights, report } = await train(smallDetector(), options({ out, epochs: 3, keep: 2 }))
      .done;
    expect((await readdir(out)).sort()).toEqual([
      ...["checkpoints", "metrics.jsonl", "options.json", "report.html", "student.safetensors"],
    ]);
    expect([weights, report]).toEqual([join(out, "student.safetensors"), join(out, "report.html")]);
    expect((await readdir(join(out, "checkpoints"))).sort()).toEqual([
      ...["best", "epoch-002", "epoch-003", "last"].map((name) => `${name}.safetensors`),
    ]);
    const lines = (await readFile(join(out, "metrics.jsonl"), "utf8")).trimEnd().split("\n");
    expect(lines).toHaveLength(3 * (5 + 1));
    expect(JSON.parse(await readFile(join(out, "options.json"), "utf8"))).toMatchObject({
      model: "small",
      epochs: 3,
      batch: 2,
      optimizer: { name: "adamw" },
    });
    expect(await readFile(report!, "utf8")).toContain("Trained small");
  });

  test("a batch larger than the data is the data", async () => {
    const { steps } = await train(smallDetector(), options({ batch: 64, epochs: 3 })).done;
    expect(steps).toBe(3);
  });
});

describe("stopping", () => {
  test("break stops at the next step and saves", async () => {
    const out = temporaryFolder();
    const run = train(smallDetector(), options({ out, epochs: 500 }));
    let seen = 0;
    for await (const step of run) {
      seen = step.step;
      if (seen === 3) break;
    }
    const report = await run.done;
    expect(report.finished).toBe(false);
    expect(report.steps).toBeGreaterThanOrEqual(3);
    expect(report.steps).toBeLessThan(2500);
    const { metadata } = await readSafetensors(join(out, "checkpoints", "last.safetensors"));
    const { training } = JSON.parse(metadata["ssd-distill"]!);
    expect(training.step).toBe(report.steps);
    expect(existsSync(report.weights!)).toBe(true);
  });

  test("so does stop(), which gives the report", async () => {
    const run = train(smallDetector(), options({ epochs: 500 }));
    const first = await run[Symbol.asyncIterator]().next();
    expect(first.done).toBe(false);
    const report = await run.stop();
    expect(report).toMatchObject({ finished: false });
    expect(await run.stop()).toBe(report);
  });

  test("stop() before the first step leaves the weights alone", async () => {
    const run = train(smallDetector(), options());
    expect(await run.stop()).toMatchObject({ steps: 0, epochs: 0, finished: false });
  });

  test("an aborted signal saves too, and is CANCELLED", async () => {
    const out = temporaryFolder();
    const stop = new AbortController();
    const onEvent = (event: TrainEvent) => {
      if (event.kind === "step" && event.step === 7) stop.abort();
    };
    const run = train(smallDetector(), options({ out, epochs: 500, signal: stop.signal, onEvent }));
    await expect(run.done).rejects.toEqual(failure("CANCELLED", "1 epochs, 7 steps"));
    expect(existsSync(join(out, "checkpoints", "last.safetensors"))).toBe(true);
    expect(existsSync(join(out, "report.html"))).toBe(true);
  });

  test("the signal's own reason is told when it is one of ours", async () => {
    const signal = AbortSignal.abort(new SsdError("CANCELLED", "stopped by SIGTERM"));
    const run = train(smallDetector(), options({ signal }));
    await expect(run.done).rejects.toEqual(failure("CANCELLED", "stopped by SIGTERM"));
  });
});

describe("a student has one run", () => {
  test("at a time; another, and a Trainer, are refused before they touch anything", async () => {
    const student = smallDetector();
    const first = train(student, options({ epochs: 500 }));
    await first[Symbol.asyncIterator]().next();
    const out = join(temporaryFolder(), "run");
    const refused = failure("BAD_OPTION", "student", "another run or Trainer");
    await expect(train(student, options({ out })).done).rejects.toEqual(refused);
    expect(existsSync(out)).toBe(false);
    expect(() => new Trainer(student)).toThrow(refused);
    expect((await first.stop()).steps).toBeGreaterThan(0);
    using trainer = new Trainer(student);
    await expect(train(student, options()).done).rejects.toEqual(refused);
    trainer.dispose();
    expect(await train(student, options({ epochs: 1 })).done).toMatchObject({ finished: true });
  });

  test("also between its phases, and none once it failed", async () => {
    const student = smallDetector();
    const tried: unknown[] = [];
    const onEvent = ({ kind }: TrainEvent) => {
      if (kind !== "phase" && kind !== "data") return;
      try {
        tried.push(new Trainer(student));
      } catch (error) {
        tried.push((error as SsdError).code);
      }
    };
    const freeze = { epochs: 1 };
    await train(student, options({ freeze, onEvent })).done;
    expect(tried).toEqual(["BAD_OPTION", "BAD_OPTION", "BAD_OPTION"]);
    const lost = options({ val: voc(join(temporaryFolder(), "none")) });
    await expect(train(student, lost).done).rejects.toEqual(failure("BAD_DATA"));
    new Trainer(student).dispose();
  });
});

describe("failures", () => {
  test("of a listener reject the run, for whoever iterates too", async () => {
    const onEvent = ({ kind }: TrainEvent) => {
      if (kind === "step") throw new RangeError("no more");
    };
    const run = train(smallDetector(), options({ onEvent }));
    const iterate = async () => {
      for await (const _ of run);
    };
    await expect(iterate()).rejects.toThrow("no more");
    await expect(run.done).rejects.toThrow(RangeError);
  });

  test("of options are thrown at once", () => {
    const wrong: [object, string][] = [
      [{ epoch: 1 }, 'did you mean "epochs"?'],
      [{ epochs: 0 }, '"epochs"'],
      [{ schedule: { wramup: 1 } }, 'unknown option "schedule.wramup"; did you mean "warmup"?'],
      [{ distill: { teacher: smallDetector(1), temperatur: 2 } }, 'did you mean "temperature"?'],
      [{ data: "voc:x" }, '"data": expected a data source'],
      [{ resume: true }, '"resume" expected a run folder'],
    ];
    for (const [more, part] of wrong) {
      const start = () => train(smallDetector(), options(more as Partial<TrainOptions>));
      expect(start).toThrow(failure("BAD_OPTION", "train options", part));
    }
  });

  test("of data come through the run, and the folder is there all the same", async () => {
    const out = temporaryFolder();
    const data = {
      spec: "none:x",
      read: async () => ({ spec: "none:x", classes: [], items: [], problems: [] }),
    };
    const run = train(smallDetector(), options({ data, out }));
    await expect(run.done).rejects.toEqual(failure("BAD_DATA", "none:x", "pictures to train on"));
    expect(await readdir(out)).toContain("options.json");
  });
});
