import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { findEngines } from "../../lib/libtorch/engines.js";
import { expectSentence, pets, run, trainArgs } from "../support/faults.js";
import { fakeLibtorch } from "../support/libtorch.js";
import { temporaryFolder } from "../support/temporary.js";

describe("a LibTorch that does not fit ends with 1 and a sentence", () => {
  test("an empty folder", async () => {
    const LIBTORCH = temporaryFolder();
    const ended = run(trainArgs(await pets()), { LIBTORCH });
    expectSentence(ended, 1, `LIBTORCH: expected a LibTorch folder, got ${LIBTORCH}`);
  });

  test("one of another minor version", async () => {
    const LIBTORCH = fakeLibtorch(temporaryFolder(), "1.13.1+cpu");
    const ended = run(trainArgs(await pets()), { LIBTORCH });
    expectSentence(ended, 1, "expected LibTorch", "got 1.13.1+cpu", LIBTORCH);
  });

  test("one of the right version that is none", async () => {
    const [minor] = [...findEngines().keys()];
    const LIBTORCH = fakeLibtorch(temporaryFolder(), `${minor}.0+cpu`);
    const ended = run(trainArgs(await pets()), { LIBTORCH });
    expectSentence(ended, 1, join(LIBTORCH, "lib", "libtorch.so"), "no shared library");
  });

  test("none at all lists what was tried", async () => {
    const { code, out, err } = run(trainArgs(await pets()), { LIBTORCH: "" });
    expect([code, out]).toEqual([1, ""]);
    expect(err).toMatch(
      /^ssd-distill: expected LibTorch 2\.\d+, found none: .*; tried:\n( {2}- .*\n)+$/,
    );
  });
});
