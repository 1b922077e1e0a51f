import { beforeEach, expect, test, vi } from "vitest";
import { packageVersion } from "../../../lib/package.js";
import { stdoutOf } from "../../support/program.js";
import { failure, ownCache } from "../../support/small.js";

const quick = ["--pictures", "3", "--batch", "2", "--size", "32", "--seconds", "0.01"];
const words = ["bench", "loader", ...quick, "--rounds", "1", "--threads", "1,2"];

beforeEach(() => {
  ownCache();
  vi.stubEnv("SSD_DISTILL_PYTHON", "/none/such");
  vi.spyOn(process.stderr, "write").mockImplementation(() => true);
});

test("--json prints one object", async () => {
  const out = await stdoutOf(...words, "--json");
  expect(out.trimEnd()).not.toContain("\n");
  const { device, threads, versions, rows } = JSON.parse(out);
  expect(device).toMatch(/^cpu/);
  expect(threads).toBeGreaterThan(0);
  expect(versions).toMatchObject({ "ssd-distill": packageVersion(), node: process.version });
  expect(rows).toEqual([
    expect.objectContaining({
      name: "loader",
      ours_ms: expect.any(Number),
      peer: null,
      peer_ms: null,
      ratio: null,
      floor_ms: expect.any(Number),
      pictures_per_second: { 1: expect.any(Number), 2: expect.any(Number) },
    }),
  ]);
});

test("for people it is a table, and what else a row says below it", async () => {
  const lines = (await stdoutOf(...words)).split("\n");
  expect(lines[0]).toMatch(/^row +ours ms +peer ms +ratio +floor ms +peer$/);
  expect(lines[1]).toMatch(/^loader +[\d.]+ +- +- +[\d.]+ +-$/);
  const text = lines.join("\n");
  expect(text).toMatch(/^loader pictures per second +1 [\d.e+]+, 2 [\d.e+]+$/m);
  expect(text).toMatch(/^versions +ssd-distill \d/m);
});

test.each([
  [["loder"], 'did you mean "loader"?'],
  [["loader", "--threads", "0"], '"threads.0"'],
  [["loader", "--threads", "two"], '"threads.0"'],
  [["loader", "--batch", "x"], '"batch"'],
  [["loader", "--data", "vok:x"], "vok:x"],
])("%j is refused", async (flags, part) => {
  await expect(stdoutOf("bench", ...flags)).rejects.toEqual(failure("BAD_OPTION", part));
});
