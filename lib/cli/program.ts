import { Command } from "commander";
import { packageVersion } from "../package.js";
import { benchCommand } from "./bench.js";
import { dataCommand } from "./data.js";
import { demoCommand } from "./demo.js";
import { detectCommand } from "./detect.js";
import { doctorCommand } from "./doctor.js";
import { evalCommand } from "./eval.js";
import { exportCommand } from "./export.js";
import { inspectCommand } from "./inspect.js";
import { libtorchCommand } from "./libtorch.js";
import { trainCommand } from "./train.js";

/**
 * The command line as data. A command's file only declares it; what it works with is imported in
 * its action, so that `--help` does not wait for libraries it has no use for.
 */
export function createProgram(): Command {
  const program = new Command("ssd-distill")
    .description("Train SSD object detectors and distil them into light ones.")
    .version(packageVersion())
    // `libtorch install --version` is its own.
    .enablePositionalOptions()
    // These two are handed on to the commands added below.
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(oneLine(text)) });
  demoCommand(program);
  trainCommand(program);
  evalCommand(program);
  detectCommand(program);
  exportCommand(program);
  inspectCommand(program);
  dataCommand(program);
  benchCommand(program);
  doctorCommand(program);
  libtorchCommand(program);
  return program;
}

/** commander's `error: …` and its suggestion, as the sentence that all our errors are. */
function oneLine(text: string): string {
  const sentence = text
    .trim()
    .replace(/^error: /, "")
    .replace(/\s*\n\s*/g, " ");
  return `ssd-distill: ${sentence}\n`;
}
