import { vi } from "vitest";
import { createProgram } from "../../lib/cli/program.js";

/** Runs a command in this process; what it printed on stdout. */
export async function stdoutOf(...words: string[]): Promise<string> {
  let out = "";
  const stdout = vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    out += text;
    return true;
  });
  try {
    await createProgram().parseAsync(words, { from: "user" });
    return out;
  } finally {
    stdout.mockRestore();
  }
}
