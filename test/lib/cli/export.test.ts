import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { Detector } from "../../../lib/detector.js";
import { cli } from "../../support/cli.js";
import { stdoutOf } from "../../support/program.js";
import { digests, engineEnv, failure } from "../../support/small.js";
import { temporaryFolder } from "../../support/temporary.js";

const classes = ["cat", "dog"];
let folder: string;
let weights: string;

beforeEach(async () => {
  folder = temporaryFolder();
  weights = join(folder, "w.safetensors");
  await Detector.create("ssd300-mobilenetv2", { classes, seed: 4 }).save(weights);
});

describe("export", () => {
  test("writes our own names by default, and prints one object with --json", async () => {
    const out = join(folder, "native.safetensors");
    const printed = await stdoutOf("export", "--weights", weights, "--out", out, "--json");
    const result = JSON.parse(printed);
    expect(result).toMatchObject({ file: out, format: "safetensors", layout: "native", classes });
    expect(result.preset).toBe("ssd300-mobilenetv2");
    const [a, b] = [await Detector.load(weights), await Detector.load(out)];
    expect(result.tensors).toBe(a.native.names().length);
    expect(digests(b)).toEqual(digests(a));
  });

  test("turns weights of torchvision's into ours, with class names", async () => {
    const source = Detector.create("ssdlite320-mobilenetv3-large", { classes, seed: 2 });
    const [theirs, ours] = [join(folder, "tv.safetensors"), join(folder, "ours.safetensors")];
    await source.save(theirs, { layout: "torchvision" });
    const line = await stdoutOf("export", "--weights", theirs, "--out", ours);
    expect(line).toMatch(/ours\.safetensors: 476 tensors of ssdlite320.*, names of native\n$/);
    const back = await Detector.load(ours);
    expect([back.classes, digests(back)]).toEqual([classes, digests(source)]);
  });

  test("an unknown layout is a wrong call, one that the network lacks too", async () => {
    const out = join(folder, "none.safetensors");
    const words = ["export", "--weights", weights, "--out", out, "--layout"];
    await expect(stdoutOf(...words, "torchvison")).rejects.toEqual(
      failure("BAD_OPTION", "layout", "torchvison", 'did you mean "torchvision"?'),
    );
    const { code, out: said, err } = cli([...words, "torchvision"], engineEnv());
    expect([code, said, err.trimEnd().split("\n")]).toEqual([
      2,
      "",
      [expect.stringContaining("expected one of native for ssd300-mobilenetv2")],
    ]);
  });
});
