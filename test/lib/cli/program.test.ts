import { expect, test } from "vitest";
import { packageVersion } from "../../../lib/package.js";
import { cli } from "../../support/cli.js";

test("--version is the package's", () => {
  expect(cli(["--version"])).toEqual({ code: 0, out: `${packageVersion()}\n`, err: "" });
});

test("--help names the commands", () => {
  const { code, out } = cli(["--help"]);
  expect(code).toBe(0);
  expect(out).toMatch(/^ {2}doctor /m);
  expect(out).toMatch(/^ {2}libtorch /m);
});

test("no command at all is help and a usage error", () => {
  const { code, out, err } = cli([]);
  expect([code, out]).toEqual([2, ""]);
  expect(err).toMatch(/^Usage: ssd-distill/);
});

test.each([
  [["doctr"], "unknown command 'doctr' (Did you mean doctor?)"],
  [["doctor", "--jsn"], "unknown option '--jsn' (Did you mean --json?)"],
  [["libtorch", "wher"], "unknown command 'wher' (Did you mean where?)"],
  [["libtorch", "install", "--file"], "option '--file <archive>' argument missing"],
])("%j is a usage error in one sentence", (args, sentence) => {
  expect(cli(args)).toEqual({ code: 2, out: "", err: `ssd-distill: ${sentence}\n` });
});
