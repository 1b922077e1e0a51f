import { mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { flush, makeWhole, syncFolder } from "../data/whole.js";
import { reason, SsdError, type SsdErrorCode } from "../errors.js";

/**
 * Writes a file so that its name always stands for a whole one: temporary file beside it, fsync,
 * rename, fsync of the folder. On failure what was there stays and nothing is left behind.
 *
 * @throws SsdError with `code`, naming the file.
 */
export async function writeAtomically(
  file: string,
  parts: readonly (Uint8Array | string)[],
  code: SsdErrorCode,
): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true });
    await makeWhole(file, async (temporary) => {
      const handle = await open(temporary, "wx");
      try {
        for (const part of parts) await handle.writeFile(part);
        await flush(handle);
      } finally {
        await handle.close();
      }
    });
    await syncFolder(file);
  } catch (error) {
    throw new SsdError(code, `expected to write ${file}: ${reason(error)}`, { cause: error });
  }
}
