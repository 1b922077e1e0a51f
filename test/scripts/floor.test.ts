import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { packageRoot } from "../../lib/package.js";
import { floorOf, floors } from "../../scripts/floor.mjs";

test("of each library the newest version that is named counts, by its numbers", () => {
  const names = [
    "GLIBC_2.9",
    "GLIBC_2.34",
    "GLIBC_2.4",
    "GLIBCXX_3.4.30",
    "GLIBC_PRIVATE",
    "X_GLIBC_9.9",
  ];
  const binary = Buffer.from(`\0${names.join("\0")}\0 GLIBC_2.99 in a sentence\0`);
  expect(floors(binary)).toEqual({ GLIBC: "2.34", GLIBCXX: "3.4.30" });
  expect(floorOf(binary)).toBe("glibc 2.34, libstdc++ GLIBCXX 3.4.30");
  expect(floors(Buffer.from("nothing"))).toEqual({});
});

test("what is built here runs here, and README names no newer glibc than it needs", () => {
  const report = process.report.getReport() as { header: { glibcVersionRuntime: string } };
  const here = Number(report.header.glibcVersionRuntime.split(".")[1]);
  const readme = readFileSync(join(packageRoot, "README.md"), "utf8");
  const told = Number(/glibc 2\.(\d+) or newer/.exec(readme)?.[1]);
  const release = join(packageRoot, "build", "Release");
  const built = readdirSync(release).filter((name) => /\.(node|so)$/.test(name));
  expect(built.length).toBeGreaterThan(1);
  for (const file of built) {
    const minor = Number(floors(readFileSync(join(release, file))).GLIBC?.split(".")[1]);
    expect(minor, file).toBeLessThanOrEqual(here);
    // A newer base than README speaks of may build a clone, but no release.
    if (here <= told + 2) expect(minor, file).toBeLessThanOrEqual(told);
  }
});
