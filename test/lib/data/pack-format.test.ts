import { open } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  nextPage,
  pageBytes,
  readAt,
  readHeaderOf,
  readSection,
  writeAt,
  writeHeader,
  writeSection,
} from "../../../lib/data/pack-format.js";
import { temporaryFolder } from "../../support/temporary.js";

test("pages", () => {
  fc.assert(
    fc.property(fc.nat(2 ** 40), (offset) => {
      const page = nextPage(offset);
      expect([page % pageBytes, page >= offset, page - offset < pageBytes]).toEqual([
        0,
        true,
        true,
      ]);
    }),
  );
});

test("sections come back whole, or not at all", async () => {
  const handle = await open(join(temporaryFolder(), "f"), "w+");
  // Further than 32 bits count.
  const far = 2 ** 33 + 5;
  const pictures = await writeSection(handle, 5000, Buffer.from("pictures"));
  const truths = await writeSection(handle, far, Buffer.from("truths"));
  await writeHeader(handle, { pictures, truths });
  const header = (await readHeaderOf(handle))!;
  expect(header).toEqual({ pictures, truths });
  expect((await readSection(handle, header.truths))!.toString()).toBe("truths");
  await writeAt(handle, Buffer.from("T"), far);
  expect(await readSection(handle, header.truths)).toBeUndefined();
  await handle.truncate(far + 3);
  expect(await readSection(handle, header.truths)).toBeUndefined();
  expect(await readSection(handle, { ...pictures, offset: 0 })).toBeUndefined();
  await writeAt(handle, Buffer.from("X"), 0);
  expect(await readHeaderOf(handle)).toBeUndefined();
  await handle.close();
});

test("what is read ends where the file does", async () => {
  const handle = await open(join(temporaryFolder(), "f"), "w+");
  await writeAt(handle, Buffer.from("0123456789"), 0);
  expect((await readAt(handle, 4, 3)).toString()).toBe("456");
  expect((await readAt(handle, 8, 100)).toString()).toBe("89");
  expect(await readHeaderOf(handle)).toBeUndefined();
  await handle.close();
});
