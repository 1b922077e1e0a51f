import { expect } from "vitest";
import { cli, type Ended } from "./cli.js";
import { engineEnv } from "./small.js";
import { temporaryFolder } from "./temporary.js";
import { cat, dog, type VocContent, writeDevkit } from "./voc.js";

// What every failure of the command line looks like, and what it is tried on.

/** Runs `ssd-distill` with the engine, a cache of its own and an environment on top. */
export function run(args: readonly string[], env: NodeJS.ProcessEnv = {}): Ended {
  return cli(args, { ...engineEnv(), ...env });
}

/**
 * Expects an exit code, a sentence of one line at the end of stderr with these parts, no stack, and
 * nothing on stdout.
 */
export function expectSentence({ code, out, err }: Ended, exit: number, ...parts: string[]): void {
  const lines = err.trimEnd().split("\n");
  const sentence = lines.at(-1)!;
  expect(sentence).toMatch(/^ssd-distill: /);
  for (const part of parts) expect(sentence).toContain(part);
  expect(lines.filter((line) => /^ {4}at /.test(line))).toEqual([]);
  // Before anything was begun there is nothing else to tell.
  if (exit < 3) expect(lines).toHaveLength(1);
  expect([code, out]).toEqual([exit, ""]);
}

/** Arguments of a short training of the smallest architecture on a folder in VOC's form. */
export function trainArgs(dir: string, ...more: string[]): string[] {
  const args = ["train", "--data", `voc:${dir}`, "--model", "ssd128-tiny", "--epochs", "1"];
  return [...args, "--batch", "2", "--threads", "1", "--out", `${temporaryFolder()}/run`, ...more];
}

/** A devkit of four small pictures with cats and dogs on them, or with other content. */
export async function pets(content: Readonly<Record<string, VocContent>> = {}): Promise<string> {
  const usual = { a: [cat, dog], b: [cat], c: [dog], d: [dog, cat] };
  return await writeDevkit(temporaryFolder(), { ...usual, ...content });
}
