import { type ChildProcess, type SpawnSyncOptions, spawn, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** A compiled file of the package; setup compiles before the tests run. */
export function compiled(path: string): string {
  return fileURLToPath(new URL(`../../dist/${path}`, import.meta.url));
}

/** How a command ended and what it printed. */
export interface Ended {
  code: number | null;
  out: string;
  err: string;
}

/** Runs `ssd-distill` with arguments, and an environment on top of this one's. */
export function cli(args: readonly string[], env: NodeJS.ProcessEnv = {}): Ended {
  return node([compiled("cli/main.js"), ...args], env);
}

/** Runs node likewise. */
export function node(args: readonly string[], env: NodeJS.ProcessEnv = {}): Ended {
  const run = spawnSync(process.execPath, args, { ...options(env), encoding: "utf8" });
  return { code: run.status, out: run.stdout, err: run.stderr };
}

/** Runs a module given as text that may import compiled files by their path in dist. */
export function startModule(text: string, env: NodeJS.ProcessEnv = {}): ChildProcess {
  const absolute = text.replace(/from "([^".]+\.js)"/g, (_, path) => `from "${compiled(path)}"`);
  return spawn(process.execPath, ["--input-type=module", "-e", absolute], options(env));
}

/** Waits for a process to end. */
export async function ended(child: ChildProcess): Promise<Ended> {
  const said = { out: "", err: "" };
  child.stdout?.on("data", (chunk) => {
    said.out += chunk;
  });
  child.stderr?.on("data", (chunk) => {
    said.err += chunk;
  });
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, ...said };
}

function options(env: NodeJS.ProcessEnv): SpawnSyncOptions {
  // What the caller's shell has set must not decide a test.
  const clean = { LIBTORCH: "", LIBTORCH_USE_PYTORCH: "", SSD_DISTILL_DEBUG: "" };
  return { env: { ...process.env, ...clean, ...env } };
}
