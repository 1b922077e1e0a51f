import { CommanderError } from "commander";
import { expect, test } from "vitest";
import { exitCode } from "../../../lib/cli/exit.js";
import { SsdError, type SsdErrorCode } from "../../../lib/errors.js";
import { ended, startModule } from "../../support/cli.js";

const guard = 'import { fail, guardProcess, interruption } from "cli/exit.js"; guardProcess();';
const wait = "setTimeout(() => {}, 60_000); console.log('ready');";

test.each<[SsdErrorCode, number]>([
  ["BAD_OPTION", 2],
  ["BAD_DATA", 3],
  ["BAD_CHECKPOINT", 4],
  ["DIVERGED", 5],
  ["OUT_OF_MEMORY", 75],
  ["CANCELLED", 130],
  ["NO_LIBTORCH", 1],
  ["NO_CUDA", 1],
  ["DISPOSED", 1],
  ["INTERNAL", 1],
])("%s ends with %i", (code, exit) => {
  expect(exitCode(new SsdError(code, "sentence"))).toBe(exit);
});

test("a misspelled call ends with 2, help with 0, all else with 1", () => {
  expect(exitCode(new CommanderError(1, "commander.unknownOption", "x"))).toBe(2);
  expect(exitCode(new CommanderError(0, "commander.helpDisplayed", "x"))).toBe(0);
  expect(exitCode(new TypeError("x"))).toBe(1);
  expect(exitCode(undefined)).toBe(1);
});

test.each([
  ["thrown", "throw new Error('broken');"],
  ["thrown later", "setTimeout(() => { throw new Error('broken'); });"],
  [
    "a rejection nobody handles",
    "void Promise.reject(new Error('broken')); setTimeout(() => {}, 9e5);",
  ],
  ["given to fail", "fail(new Error('broken'));"],
])("an error %s is one line without a stack", async (_how, code) => {
  expect(await ended(startModule(guard + code))).toEqual({
    code: 1,
    out: "",
    err: "ssd-distill: broken\n",
  });
});

test("SSD_DISTILL_DEBUG=1 adds the stack", async () => {
  const run = startModule(`${guard} fail(new Error("broken"));`, { SSD_DISTILL_DEBUG: "1" });
  expect((await ended(run)).err).toMatch(/^ssd-distill: broken\nError: broken\n {4}at /);
});

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)("%s ends with %i, and exit handlers run", async (signal, code) => {
  const run = startModule(`${guard} process.on("exit", () => console.log("handled")); ${wait}`);
  run.stdout!.once("data", () => run.kill(signal));
  expect(await ended(run)).toEqual({ code, out: "ready\nhandled\n", err: "" });
});

// A command that takes its time to finish after the first signal.
const finishing = `${guard}
  interruption().addEventListener("abort", () => {
    console.log("saving");
    setTimeout(() => fail(interruption().reason), process.env.SLOW ? 60_000 : 10);
  });
  ${wait}`;

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)("a command that asked for it finishes after %s", async (signal, code) => {
  const run = startModule(finishing);
  run.stdout!.once("data", () => run.kill(signal));
  const err = `ssd-distill: stopped by ${signal}\n`;
  expect(await ended(run)).toEqual({ code, out: "ready\nsaving\n", err });
});

test("a second signal does not wait", async () => {
  const run = startModule(finishing, { SLOW: "1" });
  run.stdout!.on("data", () => run.kill("SIGINT"));
  expect(await ended(run)).toEqual({ code: 130, out: "ready\nsaving\n", err: "" });
});

test("a reader that has seen enough is no error", async () => {
  const run = startModule(`${guard} setInterval(() => console.log("x".repeat(1000)), 1);`);
  run.stdout!.once("data", () => run.stdout!.destroy());
  expect(await ended(run)).toMatchObject({ code: 0, err: "" });
});
