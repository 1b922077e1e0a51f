import { CommanderError } from "commander";
import { reason, SsdError, type SsdErrorCode } from "../errors.js";

/** Exit codes by the category of the error; what is not here is 1. */
const codes: Partial<Record<SsdErrorCode, number>> = {
  BAD_OPTION: 2,
  BAD_DATA: 3,
  BAD_CHECKPOINT: 4,
  DIVERGED: 5,
  OUT_OF_MEMORY: 75,
};

const signalCodes = { SIGINT: 130, SIGTERM: 143 } as const;
type Signal = keyof typeof signalCodes;

let received: Signal | undefined;
let controller: AbortController | undefined;

/** The exit code that stands for what was thrown. */
export function exitCode(error: unknown): number {
  // commander: help and version are thrown too, with 0; all else is a misspelled call.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (!(error instanceof SsdError)) return 1;
  if (error.code === "CANCELLED") return signalCodes[received ?? "SIGINT"];
  return codes[error.code] ?? 1;
}

/** Prints what was thrown as a sentence (`SSD_DISTILL_DEBUG=1`: with its stack) and ends the process. */
export function fail(error: unknown): never {
  // commander has printed its own sentence already.
  if (!(error instanceof CommanderError)) {
    process.stderr.write(`ssd-distill: ${reason(error)}\n`);
    if (process.env.SSD_DISTILL_DEBUG === "1") console.error(error);
  }
  process.exit(exitCode(error));
}

/**
 * A signal that is aborted by the first SIGINT or SIGTERM, for commands that have something to
 * finish or to clean up; a second one ends the process at once. Without it the first one does.
 */
export function interruption(): AbortSignal {
  controller ??= new AbortController();
  return controller.signal;
}

/** Makes whatever can end this process do so with a sentence and the right exit code. */
export function guardProcess(): void {
  process.on("uncaughtException", fail);
  process.on("unhandledRejection", fail);
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      // The reader has seen enough (`| head`).
      if (error.code === "EPIPE") process.exit(0);
      throw error;
    });
  }
}

function interrupt(signal: Signal): void {
  // process.exit, not the signal's own end: it runs the exit handlers, which stop native threads.
  if (controller === undefined || received !== undefined) process.exit(signalCodes[signal]);
  received = signal;
  controller.abort(new SsdError("CANCELLED", `stopped by ${signal}`));
}
