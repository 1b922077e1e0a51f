import { Command } from "commander";
import { vi } from "vitest";
import { createProgram } from "../../lib/cli/program.js";

/** What a command printed on stdout and on stderr, and what it threw. */
export interface Ran {
  out: string;
  notes: string;
  error: unknown;
}

/** Runs one command in this process, registered on a program of its own. */
export async function runCommand(
  register: (program: Command) => void,
  ...words: string[]
): Promise<Ran> {
  const program = new Command().exitOverride().configureOutput({ writeErr: () => {} });
  register(program);
  return await run(program, words);
}

/** Runs a command of the whole command line in this process; what it printed on stdout. */
export async function stdoutOf(...words: string[]): Promise<string> {
  const { out, error } = await run(createProgram(), words);
  if (error !== undefined) throw error;
  return out;
}

async function run(program: Command, words: string[]): Promise<Ran> {
  const ran: Ran = { out: "", notes: "", error: undefined };
  const stdout = vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    ran.out += text;
    return true;
  });
  const stderr = vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    ran.notes += text;
    return true;
  });
  try {
    await program.parseAsync(words, { from: "user" });
  } catch (error) {
    ran.error = error;
  } finally {
    stdout.mockRestore();
    stderr.mockRestore();
  }
  return ran;
}
