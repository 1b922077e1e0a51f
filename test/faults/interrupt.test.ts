import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readModel } from "../../lib/checkpoint/store.js";
import { compiled, ended } from "../support/cli.js";
import { expectSentence, pets, run, trainArgs } from "../support/faults.js";
import { engineEnv } from "../support/small.js";

/** Starts a training of so many epochs that it does not end by itself. */
async function start(): Promise<{ child: ChildProcess; out: string; env: NodeJS.ProcessEnv }> {
  const args = trainArgs(await pets(), "--eval-every", "1000000");
  args[args.indexOf("--epochs") + 1] = "1000000";
  const env = engineEnv();
  const options = { env: { ...process.env, ...env } };
  const child = spawn(process.execPath, [compiled("cli/main.js"), ...args], options);
  return { child, out: args[args.indexOf("--out") + 1]!, env };
}

/** Kills a child when it says `text` on stderr; how it ended. */
async function killAt(child: ChildProcess, text: string, signal: NodeJS.Signals) {
  let said = "";
  let killed = false;
  child.stderr!.on("data", (chunk) => {
    said += chunk;
    if (!killed && said.includes(text)) killed = child.kill(signal);
  });
  return await ended(child);
}

describe("a training that is interrupted", () => {
  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("by %s saves, ends with %i, and goes on with --resume", async (signal, code) => {
    const { child, out, env } = await start();
    const stopped = await killAt(child, "Start Train", signal);
    expectSentence(stopped, code, `stopped by ${signal}`);
    const last = join(out, "checkpoints", "last.safetensors");
    expect(existsSync(last)).toBe(true);
    const leftovers = (await readdir(join(out, "checkpoints"))).filter((name) => /tmp/.test(name));
    expect(leftovers).toEqual([]);
    const { epoch, step } = (await readModel(last)).training as { epoch: number; step: number };
    expect(step).toBeGreaterThan(0);

    const resume = ["train", "--resume", "--out", out, "--epochs", String(epoch + 2), "--json"];
    const again = run(resume, env);
    expect(again.code).toBe(0);
    expect(again.err).toMatch(new RegExp(`^Going on at epoch ${epoch + 1}, batch `, "m"));
    expect(JSON.parse(again.out)).toMatchObject({ epochs: epoch + 2 });
    expect(JSON.parse(again.out).steps).toBeGreaterThan(step);
  });

  test("while pictures are still read ends as well", async () => {
    const { child } = await start();
    const stopped = await killAt(child, "Pictures:", "SIGINT");
    expectSentence(stopped, 130, "stopped by SIGINT");
  });

  test("twice ends at once", async () => {
    const { child } = await start();
    child.stderr!.on("data", () => child.kill("SIGINT"));
    const { code } = await ended(child);
    expect(code).toBe(130);
  });
});
