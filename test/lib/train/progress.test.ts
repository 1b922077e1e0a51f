import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { TrainEvent } from "../../../lib/train/events.js";
import { Progress, progressLine, short } from "../../../lib/train/progress.js";

const pipe = { isTTY: false, columns: 0 };

/** A terminal that keeps what is written, and a clock that is set by hand. */
function stage({ isTTY = false, columns = 120 } = {}) {
  const clock = { now: 1000 };
  let text = "";
  const write = (part: string) => {
    text += part;
  };
  const progress = new Progress({ write, isTTY, columns }, () => clock.now);
  return { clock, progress, text: () => text, lines: () => text.split("\n").slice(0, -1) };
}

const terms = { total: 3.1, conf: 2.37, loc: 0.752 };

function step(batch: number, more: object = {}): TrainEvent {
  const own = { epoch: 9, to: 10, batch, batches: 54, loss: terms, means: terms, lr: 7.16e-5 };
  return { kind: "step", step: batch, dataMs: 0, stepMs: 0, ...own, ...more };
}

describe("a line", () => {
  test("is the article's", () => {
    const fields = { loc_loss: 0.752, conf_loss: 2.37, lr: 7.16e-5 };
    expect(progressLine("Epoch 9/10", 54, 54, 54 / 2.8, fields, pipe)).toBe(
      "Epoch 9/10: 100%|██████████| 54/54 [00:19<00:00, 2.80it/s, conf_loss=2.37, loc_loss=0.752, lr=7.16e-5]",
    );
  });

  test("tells seconds a step when steps are slow, and hours when it takes hours", () => {
    expect(progressLine("E", 1, 4, 4000, {}, pipe)).toBe(
      "E:  25%|███       | 1/4 [1:06:40<3:20:00, 4000.00s/it]",
    );
    expect(progressLine("E", 1, 2, 0, {}, pipe)).toMatch(/1\/2 \[00:00<00:00, \?it\/s\]$/);
  });

  test("on a terminal stays within its columns, and elsewhere is whole", () => {
    const columns = fc.integer({ min: 20, max: 200 });
    const parts = fc.integer({ min: 1, max: 500 });
    fc.assert(
      fc.property(columns, parts, parts, (width, a, b) => {
        const [done, total] = [Math.min(a, b), Math.max(a, b)];
        const fields = { conf_loss: 1.5, lr: 1e-5 };
        const line = progressLine("Epoch 1/2", done, total, 3, fields, {
          isTTY: true,
          columns: width,
        });
        expect([...line].length).toBeLessThanOrEqual(Math.max(20, width - 1));
        const whole = progressLine("Epoch 1/2", done, total, 3, fields, pipe);
        expect(whole).toMatch(/\|[█ ]{10}\|.* lr=1e-5\]$/);
      }),
    );
  });

  test.each([
    [2.371, "2.37"],
    [0.7516, "0.752"],
    [3.9, "3.9"],
    [0.0005, "0.0005"],
    [7.16e-5, "7.16e-5"],
    [1e-10, "1e-10"],
    [-2e-5, "-2e-5"],
    [0, "0"],
    [12345, "12300"],
    [Number.NaN, "NaN"],
  ])("%d is told as %s", (value, text) => {
    expect(short(value)).toBe(text);
  });
});

describe("without a terminal", () => {
  test("an epoch is its start, a line every ten seconds and its last, then its totals", () => {
    const { clock, progress, lines } = stage();
    for (let batch = 1; batch <= 54; batch++) {
      clock.now += 0.25;
      progress.show(step(batch));
    }
    const summary = {
      epoch: 9,
      epochs: 10,
      loss: { ...terms, total: 17.9524 },
      lr: 1,
      articleTotal: 0,
    };
    const val = { conf: 3, loc: 1.5457, total: 4.5457 };
    progress.show({ kind: "epoch", ...summary, val, map: 0.25, best: true });
    progress.show({ kind: "saved", file: "x", epoch: 9 });
    const fields = "conf_loss=2.37, loc_loss=0.752, lr=7.16e-5]";
    expect(lines()).toEqual([
      "Start Train",
      `Epoch 9/10:  75%|████████  | 41/54 [00:10<00:03, 4.10it/s, ${fields}`,
      `Epoch 9/10: 100%|██████████| 54/54 [00:13<00:00, 4.08it/s, ${fields}`,
      "Epoch:9/10",
      "Total Loss: 17.9524 || Val Loss: 4.5457 || mAP: 0.2500 (best)",
      "Saving state, iter: 9",
    ]);
  });

  test("what an earlier attempt did says nothing about the rate", () => {
    const { clock, progress, lines } = stage();
    for (let done = 81; done <= 100; done++) {
      clock.now += 1;
      progress.show({ kind: "pack", done, total: 100 });
    }
    expect(lines().at(-1)).toMatch(
      /^Reading pictures: 100%.* 100\/100 \[00:19<00:00, 1.05it\/s\]$/,
    );
  });

  test("a step that was skipped is told", () => {
    const { progress, lines } = stage();
    progress.show(step(3, { skipped: true, scale: 1024 }));
    expect(lines()).toEqual(["Step 3 skipped: overflow in fp16, loss scale 1024 halved"]);
  });

  test("packing tells its space, its waits and what it looks at", () => {
    const { progress, lines } = stage();
    progress.show({ kind: "space", pictures: 2, bytes: 5e9, free: 7e9 });
    progress.show({ kind: "wait", file: "x" });
    progress.show({ kind: "feed", reason: "y" });
    for (const done of [1, 2]) progress.show({ kind: "verify", done, total: 2 });
    expect(lines().slice(0, 3)).toEqual([
      "2 pictures, 5 GB decoded, 7 GB free",
      "Waiting for another process that packs the same pictures (x)",
      "Decoding on the fly: y",
    ]);
    expect(lines()[3]).toMatch(/^Checking pictures: 100%/);
  });

  test("an epoch without a validation tells its loss alone", () => {
    const { progress, lines } = stage();
    progress.show({
      kind: "epoch",
      epoch: 1,
      epochs: 2,
      loss: terms,
      lr: 1,
      articleTotal: 0,
      best: false,
    });
    expect(lines()).toEqual(["Epoch:1/2", "Total Loss: 3.1000"]);
  });

  test("distillation shows its terms in the order of the alphabet", () => {
    const { clock, progress, lines } = stage();
    const means = { total: 1, conf: 3.19, loc: 2.91, soft: 3.9, l2: 8.29 };
    progress.show(step(1, { batches: 2, means, lr: 5e-4 }));
    clock.now += 2;
    progress.show(step(2, { batches: 2, means, lr: 5e-4 }));
    expect(lines().at(-1)).toBe(
      "Epoch 9/10: 100%|██████████| 2/2 [00:02<00:00, 1.00it/s, conf_loss=3.19, l2_loss=8.29, loc_loss=2.91, lr=0.0005, soft_loss=3.9]",
    );
  });

  test("everything else a run tells is a line", () => {
    const { progress, lines } = stage();
    const evaluation = {
      map: 0.5,
      classes: [],
      detections: [],
      loss: { conf: 0, loc: 0 },
      msPerPicture: 1,
    };
    const problems = [
      { kind: "zero-area" as const, file: "a.xml", object: 1, message: "has no area" },
    ];
    progress.show({ kind: "data", train: 9, val: 1, problems });
    progress.show({ kind: "pack", done: 1, total: 1 });
    progress.show({ kind: "teacher", evaluation });
    progress.show({ kind: "phase", name: "freeze", from: 1, to: 2, lr: 5e-4 });
    progress.show({ kind: "phase", name: "train", from: 3, to: 9, lr: 1e-4 });
    progress.show({ kind: "resumed", epoch: 4, batch: 2 });
    progress.show({ kind: "validate", done: 1, total: 1, epoch: 4, to: 9, lr: 1e-4 });
    expect(lines().map((line) => line.replace(/ \[.*\]/, ""))).toEqual([
      "zero-area a.xml#1: has no area",
      "1 problem: zero-area 1",
      "Pictures: 9 to train, 1 to validate",
      "Reading pictures: 100%|██████████| 1/1",
      "Teacher: mAP 0.5000",
      "Backbone frozen: epochs 1 to 2, lr 0.0005",
      "All layers train: epochs 3 to 9, lr 0.0001",
      "Going on at epoch 4, batch 2",
      "Start Validation",
      "Epoch 4/9: 100%|██████████| 1/1",
      "Finish Validation",
    ]);
  });
});

describe("on a terminal", () => {
  test("the bar is drawn over itself ten times a second at most, and stays at the end", () => {
    const { clock, progress, text } = stage({ isTTY: true });
    for (let batch = 1; batch <= 54; batch++) {
      clock.now += 0.0625;
      progress.show(step(batch));
    }
    const drawn = text().split("\r\x1b[K");
    expect(drawn[0]).toBe("Start Train\n");
    // The first at once, then every second one, the last in any case.
    expect(drawn).toHaveLength(1 + 1 + 26 + 1);
    for (const bar of drawn.slice(1, -1)) expect(bar).not.toContain("\n");
    expect(drawn.at(-1)).toMatch(/^Epoch 9\/10: 100%\|█+\| 54\/54 \[.*\]\n$/);
  });

  test("a line under way is ended before another is written", () => {
    const { progress, text } = stage({ isTTY: true });
    progress.show(step(1));
    progress.line("Something else");
    progress.line("And more");
    expect(text()).toMatch(/1\/54 \[.*\]\nSomething else\nAnd more\n$/);
  });
});
