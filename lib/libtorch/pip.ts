import { spawn } from "node:child_process";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Watch } from "./download.js";
import { pinnedVersion, wheelIndex } from "./version.js";

/**
 * Lets pip fetch the CPU wheel of the pinned version into `folder`, and returns its path. pip knows
 * the proxies, mirrors and certificates that a user has set up, and checks what it downloads.
 */
export async function downloadWheel(folder: string, watch: Watch): Promise<string> {
  const wheel = [
    "--no-deps",
    "--only-binary=:all:",
    "--dest",
    folder,
    `torch==${pinnedVersion}+cpu`,
  ];
  // One wheel for all, whatever python3 is: its libraries are the same, and its checksum is known.
  const one = ["--python-version", "3.11", "--implementation", "cp"];
  const platform = ["--platform", "manylinux_2_28_x86_64"];
  const pip = ["-m", "pip", "download", ...one, ...platform, ...wheel];
  try {
    await run("python3", pip, watch);
  } catch {
    // What is configured has no CPU build (PyPI has CUDA's alone): ask PyTorch's index as well.
    watch.signal?.throwIfAborted();
    await run("python3", [...pip, "--extra-index-url", wheelIndex], watch);
  }
  const name = (await readdir(folder)).find((file) => file.endsWith(".whl"));
  if (name === undefined) throw new Error("pip download ended well but left no wheel");
  return join(folder, name);
}

function run(command: string, args: readonly string[], watch: Watch): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], signal: watch.signal });
    let last = "";
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        if (line.startsWith("ERROR:")) last = line.slice("ERROR:".length).trim();
        watch.onProgress(line);
      });
    }
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${command} ${args.slice(1, 3).join(" ")} failed: ${last || code}`));
    });
  });
}
