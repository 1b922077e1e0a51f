import { expect, test } from "vitest";
import { inspectWeights } from "../../../lib/checkpoint/inspect.js";
import { cli } from "../../support/cli.js";
import { dict, pth, tensor } from "../../support/pickle.js";
import { weightFile } from "../../support/weight-files.js";

const content = pth(dict({ "a.weight": tensor(), b: tensor({ shape: [2, 2], strides: [1, 2] }) }));

test("a table with a line of totals", async () => {
  const file = await weightFile(content);
  const { tensors } = await inspectWeights(file);
  const [first, second] = tensors.map(({ sha256 }) => sha256.slice(0, 16));
  expect(cli(["inspect", file])).toEqual({
    code: 0,
    err: "",
    out: `name      shape   dtype    sha256
a.weight  [4]     float32  ${first}
b         [2, 2]  float32  ${second}
pth: 2 tensors, 8 parameters, 32 bytes
`,
  });
});

test("--json prints the inspection on one line", async () => {
  const file = await weightFile(content);
  const { code, out } = cli(["inspect", file, "--json"]);
  expect(code).toBe(0);
  expect(out.trimEnd().split("\n")).toHaveLength(1);
  expect(JSON.parse(out)).toEqual(await inspectWeights(file));
});

test("no tensors are a table of none; names cannot command a terminal", async () => {
  expect(cli(["inspect", await weightFile(pth("N"))]).out).toMatch(/^name .*\npth: 0 tensors, 0/);
  const { out } = cli(["inspect", await weightFile(pth(dict({ "\x1b[31m\n": tensor() })))]);
  expect(out).toContain("�[31m�");
});

test("what is no weight file is exit code 4 and a sentence", async () => {
  const file = await weightFile(Buffer.from("no weights"));
  const { code, out, err } = cli(["inspect", file]);
  expect([code, out]).toEqual([4, ""]);
  expect(err).toMatch(/^ssd-distill: .*weights\.bin: expected weights .*\n$/);
  expect(cli(["inspect"]).code).toBe(2);
});
