import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { downloadWheel } from "../../../lib/libtorch/pip.js";
import { stubPython } from "../../support/python.js";
import { temporaryFolder } from "../../support/temporary.js";

const quiet = { onProgress: () => {} };

// A pip that leaves a wheel in the folder after --dest.
const pip = 'while [ "$1" != --dest ]; do shift; done; echo wheel > "$2/torch-2.13.0+cpu.whl"';

test("pip's wheel is found", async () => {
  stubPython(pip);
  const path = await downloadWheel(temporaryFolder(), quiet);
  expect(readFileSync(path, "utf8")).toBe("wheel\n");
});

test("where pip finds no CPU wheel, PyTorch's index is asked as well", async () => {
  stubPython(`case "$*" in *download.pytorch.org/whl/cpu*) ${pip};; *) exit 1;; esac`);
  expect(await downloadWheel(temporaryFolder(), quiet)).toMatch(/\.whl$/);
});

test("a pip that fails is told with its own error", async () => {
  stubPython("echo 'ERROR: No matching distribution' >&2; exit 1");
  await expect(downloadWheel(temporaryFolder(), quiet)).rejects.toThrow(
    "python3 pip download failed: No matching distribution",
  );
});
