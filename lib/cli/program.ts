import { readFileSync } from "node:fs";
import { Command } from "commander";
import { doctorCommand } from "./doctor.js";
import { libtorchCommand } from "./libtorch.js";

/** The version in this package's package.json. */
export function packageVersion(): string {
  const file = new URL("../../package.json", import.meta.url);
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}

/**
 * The command line as data. A command's file only declares it; what it works with is imported in
 * its action, so that `--help` does not wait for libraries it has no use for.
 */
export function createProgram(): Command {
  const program = new Command("ssd-distill")
    .description("Train SSD object detectors and distil them into light ones.")
    .version(packageVersion())
    // These two are handed on to the commands added below.
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(oneLine(text)) });
  doctorCommand(program);
  libtorchCommand(program);
  return program;
}

/** commander's `error: …` and its suggestion, as the sentence that all our errors are. */
function oneLine(text: string): string {
  const sentence = text.trim().replace(/^error: /, "").replace(/\s*\n\s*/g, " ");
  return `ssd-distill: ${sentence}\n`;
}
