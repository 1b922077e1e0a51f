import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { cli } from "../../support/cli.js";
import { pets, run, trainArgs } from "../../support/faults.js";

test("prints where the weights and the report are, and the work on stderr", async () => {
  const args = trainArgs(await pets());
  const out = args[args.indexOf("--out") + 1]!;
  const ended = run(args);
  expect(ended.code).toBe(0);
  expect(ended.out).toMatch(
    new RegExp(`^No mAP: nothing was validated\nWeights ${out}/.*\nReport ${out}/.*\n$`),
  );
  const lines = ended.err.trimEnd().split("\n");
  expect(lines[0]).toMatch(/^Reading pictures|^Pictures: 4 to train, 0 to validate$/);
  for (const line of ["All layers train: epochs 1 to 1, lr 0.001", "Start Train", "Epoch:1/1"]) {
    expect(lines).toContain(line);
  }
  expect(ended.err).toMatch(
    /^Epoch 1\/1: 100%\|█{10}\| 2\/2 \[.*, conf_loss=.*, loc_loss=.*, lr=.*\]$/m,
  );
  expect(existsSync(join(out, "report.html"))).toBe(true);
});

test("with pictures to validate on prints the best epoch", async () => {
  const { code, out } = run(trainArgs(await pets(), "--val-fraction", "0.5"));
  expect(code).toBe(0);
  expect(out).toMatch(/^Best mAP [01]\.\d{4} in epoch 1\nWeights /);
});

test("trains on pictures in memory or decoded on the fly to the same weights", async () => {
  const dir = await pets();
  const digests = ["disk", "ram", "none"].map((cache) => {
    const { code, out } = run(trainArgs(dir, "--json", "--cache", cache, "--workers", "2"));
    expect(code).toBe(0);
    return JSON.parse(run(["inspect", JSON.parse(out).weights, "--json"]).out).tensors;
  });
  expect(digests[1]).toEqual(digests[0]);
  expect(digests[2]).toEqual(digests[0]);
});

test("with --json prints one object, of a distilled student too", async () => {
  const dir = await pets();
  const first = run(trainArgs(dir, "--json", "--val-fraction", "0.25"));
  const teacher = JSON.parse(first.out);
  expect(teacher).toMatchObject({ epochs: 1, steps: 1, best: { map: expect.any(Number) } });
  const args = trainArgs(dir, "--json", "--val-fraction", "0.25", "--teacher", teacher.weights);
  const { code, out, err } = run([...args, "--mu", "0.5", "--optimizer", "sgd", "--workers", "2"]);
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ teacher: { map: expect.any(Number) } });
  expect(err).toMatch(/^Teacher: mAP [01]\.\d{4}$/m);
  expect(err).toMatch(/conf_loss=.*, l2_loss=.*, loc_loss=.*, lr=.*, soft_loss=/);
  const folder = args[args.indexOf("--out") + 1]!;
  expect(JSON.parse(await readFile(join(folder, "options.json"), "utf8"))).toMatchObject({
    distill: { teacher: teacher.weights, mu: 0.5 },
    optimizer: { name: "sgd" },
    workers: 2,
  });
});

test("help needs no engine and tells every group of options", () => {
  const { code, out, err } = cli(["train", "--help"]);
  expect([code, err]).toEqual([0, ""]);
  for (const flag of [
    "--data",
    "--teacher",
    "--epochs",
    "--lr",
    "--freeze-epochs",
    "--mu",
    "--resume",
    "--exif <auto|apply|ignore>",
    "--max-pixels",
    "coco:IMAGES,JSON[?origin=1]",
  ]) {
    expect(out).toContain(flag);
  }
});
