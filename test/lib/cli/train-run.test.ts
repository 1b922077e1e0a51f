import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { runTraining, type TrainRequest } from "../../../lib/cli/train-run.js";
import { Detector } from "../../../lib/detector.js";
import { digests, failure, ownCache, shapeClasses } from "../../support/small.js";
import { temporaryFolder } from "../../support/temporary.js";
import { cat, writeDevkit } from "../../support/voc.js";

let folder: string;
let spec: string;

beforeEach(() => {
  ownCache();
  folder = temporaryFolder();
  spec = `synthetic:shapes?images=6&size=64&dir=${encodeURIComponent(join(folder, "shapes"))}`;
});

/** Runs what the command line asks for: an epoch of the smallest architecture. */
async function request(values: object = {}, options: object = {}, kd: object = {}) {
  const asked: TrainRequest = {
    values: { data: spec, model: "ssd128-tiny", ...values },
    options: given({ epochs: 1, batch: 2, threads: 1, out: join(folder, "run"), ...options }),
    kd: { ...kd },
  };
  const lines: string[] = [];
  const stderr = vi.spyOn(process.stderr, "write").mockImplementation(() => true);
  try {
    const line = (text: string) => lines.push(text);
    const result = await runTraining(asked, new AbortController().signal, line);
    return { result, lines };
  } finally {
    stderr.mockRestore();
  }
}

/** Flags that are not given are left out, as those of the command line are. */
function given(options: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

async function savedOptions(): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(join(folder, "run", "options.json"), "utf8"));
}

async function weights(seed: number, classes = shapeClasses): Promise<string> {
  const file = join(temporaryFolder(), `${seed}.safetensors`);
  await Detector.create("ssd128-tiny", { classes, seed }).save(file);
  return file;
}

test("the result is what other programs rely on", async () => {
  const { result } = await request();
  expect(result).toEqual({
    epochs: 1,
    steps: 2,
    best: { epoch: 1, map: expect.any(Number) },
    teacher: undefined,
    weights: join(folder, "run", "student.safetensors"),
    report: join(folder, "run", "report.html"),
  });
  const detector = await Detector.load(result.weights);
  expect(detector.classes).toEqual(shapeClasses);
});

describe("classes", () => {
  test("are the list that was given, in its order", async () => {
    const names = "triangle,circle,square,star";
    const { result } = await request({ classes: names });
    expect((await Detector.load(result.weights)).classes).toEqual(names.split(","));
  });

  test("are the teacher's where it knows all of the data's, and it is measured", async () => {
    const classes = ["star", ...shapeClasses];
    const teacher = await weights(1, classes);
    const { result, lines } = await request({ teacher }, {}, { mu: 0.5 });
    // It describes itself: there is nothing to tell.
    expect(lines).toEqual([]);
    expect(result.teacher!.map).toBeGreaterThanOrEqual(0);
    expect((await Detector.load(result.weights)).classes).toEqual(classes);
    expect(await savedOptions()).toMatchObject({ distill: { teacher, mu: 0.5 } });
  });

  test("of a teacher that lacks one are refused", async () => {
    const teacher = await weights(1, ["circle", "square"]);
    await expect(request({ teacher })).rejects.toEqual(
      failure("BAD_OPTION", "distill", "triangle"),
    );
  });
});

describe("weights to start from", () => {
  test("are loaded where they fit, and the rest is told", async () => {
    const init = await weights(5, ["cat"]);
    const { lines } = await request({ init });
    // Another number of classes needs other predictors of classes, and those alone.
    expect(lines.slice(0, 5)).toEqual([
      expect.stringMatching(/5\.safetensors: safetensors, our own names$/),
      expect.stringMatching(/^ +part +loaded +skipped +missing$/),
      expect.stringMatching(/^ +stages +[1-9]\d* +0 +0$/),
      expect.stringMatching(/^ +loc +8 +0 +0$/),
      expect.stringMatching(/^ +conf +0 +8 +0 +conf\S+: expected \[16\b.*\], got \[8\b.*\]$/),
    ]);
  });

  test("and the seed decides about the others", async () => {
    const options = { epochs: 1, valFraction: 0.5, batch: 4, optimizer: { lr: 1e-12 } };
    const first = await request({}, { ...options, seed: 1 });
    const start = digests(Detector.create("ssd128-tiny", { classes: shapeClasses, seed: 1 }));
    const { parameters } = await Detector.load(first.result.weights);
    expect(parameters).toBe(Detector.create("ssd128-tiny", { classes: shapeClasses }).parameters);
    const now = digests(await Detector.load(first.result.weights));
    // A rate next to nothing leaves the weights where the seed put them.
    expect(now["stages.0.0.0.weight"]).toBe(start["stages.0.0.0.weight"]);
  });
});

describe("resuming", () => {
  test("takes what the folder says, and what is given counts more", async () => {
    const teacher = await weights(1);
    await request({ teacher }, { epochs: 1, optimizer: { name: "sgd", lr: 0.01 } }, { nu: 0.25 });
    const { result } = await request(
      { data: undefined, model: undefined },
      { epochs: 3, batch: undefined, optimizer: { lr: 0.02 }, resume: true },
    );
    expect(result).toMatchObject({ epochs: 3, steps: 6 });
    expect(await savedOptions()).toMatchObject({
      epochs: 3,
      batch: 2,
      model: "ssd128-tiny",
      optimizer: { name: "sgd", lr: 0.02 },
      device: "cpu",
      distill: { teacher, nu: 0.25 },
    });
  });

  test("goes on averaging the weights", async () => {
    await request({}, { ema: { decay: 0.9 } });
    const { result } = await request({}, { epochs: 2, resume: true });
    expect(result).toMatchObject({ epochs: 2, steps: 4 });
    expect(await savedOptions()).toMatchObject({ ema: { decay: 0.9, warmup: 2000 } });
  });

  test("does not load the weights to start from again", async () => {
    const init = await weights(5);
    await request({ init });
    const { lines } = await request({ init }, { epochs: 2, resume: true });
    expect(lines).toEqual([]);
  });

  test("a folder that holds no run, or a damaged one", async () => {
    const out = join(folder, "none");
    await expect(request({}, { resume: true, out })).rejects.toEqual(
      failure("BAD_OPTION", "--resume", out),
    );
    await request();
    await writeFile(join(folder, "run", "options.json"), "{");
    await expect(request({}, { resume: true })).rejects.toEqual(
      failure("BAD_CHECKPOINT", "options.json", "JSON"),
    );
  });
});

describe("what is wrong is said before anything is read", () => {
  test.each([
    [{ data: undefined }, {}, "--data"],
    [{ model: undefined }, {}, "--model"],
    [{ data: "voc" }, {}, "voc:DIR"],
    [{}, { epochs: 0 }, '"epochs"'],
  ])("%j %j", async (values, options, part) => {
    const teacher = join(folder, "none.safetensors");
    await expect(request({ teacher, ...values }, options)).rejects.toEqual(
      failure("BAD_OPTION", part),
    );
  });

  test("data of one class after the other's teacher", async () => {
    const dir = await writeDevkit(temporaryFolder(), { a: [cat], b: [cat], c: [cat] });
    const teacher = await weights(1);
    await expect(request({ data: `voc:${dir}`, teacher })).rejects.toEqual(
      failure("BAD_OPTION", '["cat"]', '["circle","square","triangle"]'),
    );
  });
});
