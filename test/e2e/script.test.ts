import { join } from "node:path";
import { expect, test } from "vitest";
import { ended, startModule } from "../support/cli.js";
import { engineEnv } from "../support/small.js";
import { temporaryFolder } from "../support/temporary.js";

const script = `
import { Detector, evaluate, synthetic, train } from "index.js";
const data = synthetic("shapes", { images: 12, size: 64, dir: process.env.FOLDER + "/shapes" });
const { classes } = await data.read();
const teacher = Detector.create("ssd128-small", { classes });
const student = Detector.create("ssd128-tiny", { classes });
const options = { data, epochs: 2, batch: 4, threads: 1, distill: { teacher } };
const run = train(student, options);
let steps = 0;
for await (const step of run) {
  if (!(step.loss.soft > 0 && step.loss.l2 >= 0)) throw new Error("expected the terms of a teacher");
  steps = step.step;
}
const file = process.env.FOLDER + "/student.safetensors";
await student.save(file);
const loaded = await Detector.load(file);
const { items } = await data.read();
const found = await loaded.detect(items[0].image, { minScore: 0 });
const [own, again] = [await evaluate(student, data), await evaluate(loaded, data)];
const report = await run.done;
console.log(JSON.stringify({ steps, found: found.length, same: own.map === again.map, epochs: report.epochs }));
`;

test("a plain program uses the package from dist, and ends by itself", async () => {
  const env = { ...engineEnv(), FOLDER: temporaryFolder() };
  const { code, out, err } = await ended(startModule(script, env));
  expect([code, err]).toEqual([0, ""]);
  expect(JSON.parse(out)).toEqual({ steps: 4, found: expect.any(Number), same: true, epochs: 2 });
  expect(JSON.parse(out).found).toBeGreaterThan(0);
});

test("a program that only looks at the package needs no LibTorch, and one that has none says so", async () => {
  const env = { SSD_DISTILL_CACHE: join(temporaryFolder(), "none") };
  const look = `import { presets, parseSource, SsdError } from "index.js";
    console.log(presets["ssd300-vgg16"].size, parseSource("voc:here").spec, SsdError.name);`;
  expect(await ended(startModule(look, env))).toEqual({
    code: 0,
    out: "300 voc:here SsdError\n",
    err: "",
  });
  const create = `import { Detector } from "index.js";
    try { Detector.create("ssd128-tiny", { classes: ["a"] }); } catch ({ code }) { console.log(code); }`;
  expect(await ended(startModule(create, env))).toMatchObject({ code: 0, out: "NO_LIBTORCH\n" });
});
