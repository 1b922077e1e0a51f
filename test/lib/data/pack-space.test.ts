import { tmpdir } from "node:os";
import { afterEach, expect, test, vi } from "vitest";
import { freeMemory, freeSpace, inBytes, NoSpaceError } from "../../../lib/data/pack-space.js";

afterEach(() => {
  vi.restoreAllMocks();
});

test.each([
  [0, "0 bytes"],
  [999, "999 bytes"],
  [1000, "1 KB"],
  [562_500, "563 KB"],
  [2_812_345_678, "2.81 GB"],
  [5e15, "5000 TB"],
])("%d bytes are told as %s", (count, text) => {
  expect(inBytes(count)).toBe(text);
});

test("free space is asked of the folder's own file system", async () => {
  expect(await freeSpace(tmpdir())).toBeGreaterThan(0);
  await expect(freeSpace("/none/such")).rejects.toThrow("ENOENT");
});

test("free memory is the machine's, or what the process is held to", () => {
  expect(freeMemory()).toBeGreaterThan(0);
  const rss = process.memoryUsage.rss();
  const limit = vi.spyOn(process, "constrainedMemory").mockReturnValue(rss + 1e6);
  expect(freeMemory()).toBeLessThan(1e8);
  limit.mockReturnValue(0);
  expect(freeMemory()).toBeGreaterThan(1e8);
});

test("a short disk is bad data that says what can be done", () => {
  const error = new NoSpaceError("/cache", "expected 2 GB of free disk, got 1 GB");
  expect(error).toMatchObject({ name: "SsdError", code: "BAD_DATA" });
  expect(error.message).toMatch(
    /^\/cache: expected 2 GB.*SSD_DISTILL_CACHE.*--max-side.*--cache none/,
  );
});
