import { copyFileSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { checkLibraries, damageOf } from "../../../lib/libtorch/elf.js";
import { loadEngine } from "../../../lib/native.js";
import { packageRoot } from "../../../lib/package.js";
import { temporaryFolder } from "../../support/temporary.js";

const library = join(packageRoot, "build", "Release", "ssd_distill.node");

function spoilt(change: (content: Buffer) => Buffer): string {
  const file = join(temporaryFolder(), "libx.so");
  writeFileSync(file, change(readFileSync(library)));
  return file;
}

test("whole libraries are whole: ours, node itself and all of LibTorch", () => {
  expect(damageOf(library)).toBeUndefined();
  expect(damageOf(process.execPath)).toBeUndefined();
  expect(() => checkLibraries(loadEngine().libtorch.path)).not.toThrow();
});

test("a library cut anywhere ahead of its last segment's end is never taken for whole", () => {
  const file = join(temporaryFolder(), "libx.so");
  const { length } = readFileSync(library);
  const enough = fc.integer({ min: 0, max: Math.floor(length / 2) });
  fc.assert(
    fc.property(enough, (size) => {
      copyFileSync(library, file);
      truncateSync(file, size);
      expect(damageOf(file)).toMatch(size < 64 ? /^no shared/ : `cut off after ${size} bytes`);
    }),
  );
});

test("headers of any bytes end in a reason or in none, never in an exception", () => {
  const bytes = fc.array(
    fc.record({ at: fc.integer({ min: 0, max: 200 }), to: fc.integer({ min: 0, max: 255 }) }),
    { maxLength: 6 },
  );
  fc.assert(
    fc.property(bytes, (changes) => {
      const file = spoilt((content) => {
        for (const { at, to } of changes) content[at] = to;
        return content;
      });
      expect(damageOf(file) ?? "").toMatch(/^$|^no shared|^a library for another|^cut off after/);
    }),
  );
});

test("what is no library, and one for another processor, are told", () => {
  expect(damageOf(spoilt(() => Buffer.from("<html>".repeat(50))))).toBe("no shared library");
  expect(damageOf(spoilt(() => Buffer.alloc(0)))).toBe("no shared library");
  const other = spoilt((content) => {
    content.writeUInt16LE(process.arch === "x64" ? 183 : 62, 18);
    return content;
  });
  expect(damageOf(other)).toBe(`a library for another processor than ${process.arch}`);
});
