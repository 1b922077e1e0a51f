import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Detector } from "../../lib/detector.js";
import { type Preset, presets } from "../../lib/presets.js";
import { expectSentence, pets, run, trainArgs } from "../support/faults.js";
import { temporaryFolder } from "../support/temporary.js";

/** Arguments of a training with an option said another way. */
async function withOption(name: string, value: string): Promise<string[]> {
  const args = trainArgs(await pets());
  const at = args.indexOf(name);
  if (at < 0) return [...args, name, value];
  args[at + 1] = value;
  return args;
}

describe("a call that is wrong ends with 2 and a sentence", () => {
  test("a model that there is none of, and one that is nearly one", async () => {
    expectSentence(run(await withOption("--model", "nope")), 2, "model", "ssd300-vgg16", '"nope"');
    const near = run(await withOption("--model", "ssd128-tinny"));
    expectSentence(near, 2, '"ssd128-tinny"', 'did you mean "ssd128-tiny"?');
  });

  const values: [string, string, string[]][] = [
    ["--epochs", "-1", ['"epochs"', "got -1"]],
    ["--epochs", "many", ['"epochs"', 'got "many"']],
    ["--batch", "0", ['"batch"', "got 0"]],
    ["--lr", "0", ['"optimizer.lr"', "got 0"]],
    ["--optimizer", "sdg", ['"optimizer.name"', 'did you mean "sgd"?']],
    ["--val-fraction", "1.5", ['"valFraction"', "1.5"]],
    ["--device", "gpu", ["device", "gpu"]],
    ["--data", "vok:x", ["data", "vok:x", 'did you mean "voc"?']],
  ];
  test.each(values)("%s %s", async (name, value, parts) => {
    expectSentence(run(await withOption(name, value)), 2, ...parts);
  });

  test("a flag that there is none of names the nearest", async () => {
    const ended = run(await withOption("--epoch", "3"));
    expectSentence(ended, 2, "'--epoch'", "--epochs");
  });

  test("nothing to train, or nothing to train on", () => {
    expectSentence(run(["train", "--data", "synthetic:shapes"]), 2, "--model");
    expectSentence(run(["train", "--model", "ssd128-tiny"]), 2, "--data");
    expectSentence(run(["eval", "--data", "voc:x"]), 2, "--weights");
    expectSentence(run(["tarin"]), 2, "tarin", "train");
  });

  test("a folder that cannot be written, below a regular file", async () => {
    const file = join(temporaryFolder(), "file");
    await writeFile(file, "");
    const ended = run(await withOption("--out", join(file, "run")));
    expectSentence(ended, 2, '"out"', join(file, "run"));
  });

  test("a run to resume that there is none of", async () => {
    const out = join(temporaryFolder(), "none");
    expectSentence(run(["train", "--resume", "--out", out]), 2, "--resume", out);
  });
});

describe("a teacher that does not fit ends with 2 and both values", () => {
  async function teacherFile(preset: Preset, classes: string[]): Promise<string> {
    const file = join(temporaryFolder(), "teacher.safetensors");
    using teacher = Detector.create(preset, { classes });
    await teacher.save(file);
    return file;
  }

  test("other classes", async () => {
    const file = await teacherFile(presets["ssd128-tiny"], ["cat", "bird"]);
    const ended = run(await withOption("--teacher", file));
    expectSentence(ended, 2, "distill", "classes", '["cat","dog"]', '["cat","bird"]');
  });

  test("other priors", async () => {
    const preset = { ...presets["ssd128-tiny"], sizes: [10, 30, 54, 82, 115] };
    const file = await teacherFile(preset, ["cat", "dog"]);
    const ended = run(await withOption("--teacher", file));
    expectSentence(ended, 2, "priors' sizes", "[14,30,54,82,115]", "[10,30,54,82,115]");
  });

  test("another input", async () => {
    const { small } = await import("../support/small.js");
    const file = await teacherFile(small, ["cat", "dog"]);
    expectSentence(run(await withOption("--teacher", file)), 2, "input size", "128", "32");
  });

  test("classes in another order are the data's with the teacher's labels", async () => {
    const file = await teacherFile(presets["ssd128-tiny"], ["dog", "cat"]);
    const { code, out } = run([...(await withOption("--teacher", file)), "--json"]);
    expect(code).toBe(0);
    const { classes } = await Detector.load(JSON.parse(out).weights);
    expect(classes).toEqual(["dog", "cat"]);
  });
});
