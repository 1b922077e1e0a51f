import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { cli } from "../../support/cli.js";
import { fakeLibtorch, libtorchZip } from "../../support/libtorch.js";
import { temporaryFolder } from "../../support/temporary.js";
import { zip } from "../../support/zip.js";

/** What a choice that does not hold could be instead. */
const instead = '; without LIBTORCH the one that "ssd-distill libtorch install" installs is taken';

/** A sentence on stderr, nothing on stdout. */
function sentence(text: string) {
  return { out: "", err: expect.stringMatching(new RegExp(`^ssd-distill: ${text}\n$`)) };
}

test("where prints JSON", () => {
  const path = fakeLibtorch(temporaryFolder(), "2.13.0+cpu");
  const { code, out, err } = cli(["libtorch", "where", "--build", "--json"], { LIBTORCH: path });
  expect([code, err]).toEqual([0, ""]);
  expect(JSON.parse(out)).toEqual({ path, version: "2.13.0+cpu", cuda: false, source: "LIBTORCH" });
  expect(out.trim()).not.toContain("\n");
});

test("where prints lines for people", () => {
  const path = fakeLibtorch(temporaryFolder(), "2.13.0+cpu");
  const { out } = cli(["libtorch", "where", "--build"], { LIBTORCH: path });
  expect(out).toBe(`path     ${path}\nversion  2.13.0+cpu\nsource   LIBTORCH\ncuda     no\n`);
});

test("LIBTORCH at an empty folder is one sentence", () => {
  const folder = temporaryFolder();
  expect(cli(["libtorch", "where", "--json"], { LIBTORCH: folder })).toEqual({
    code: 1,
    ...sentence(
      `LIBTORCH: expected a LibTorch folder, got ${folder}: no lib/libtorch.so in it${instead}`,
    ),
  });
});

test("LIBTORCH of a version no engine is for is one sentence, but may be built for", () => {
  const path = fakeLibtorch(temporaryFolder(), "1.13.1");
  expect(cli(["libtorch", "where"], { LIBTORCH: path })).toEqual({
    code: 1,
    ...sentence(
      `LIBTORCH: expected LibTorch [\\d.]+( or [\\d.]+)*, got 1\\.13\\.1 at ${path}${instead}`,
    ),
  });
  const { code, out } = cli(["libtorch", "where", "--build", "--json"], { LIBTORCH: path });
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ path, version: "1.13.1" });
});

test("without any LibTorch the places are listed", () => {
  const { code, out, err } = cli(["libtorch", "where"], { SSD_DISTILL_CACHE: temporaryFolder() });
  expect([code, out]).toEqual([1, ""]);
  expect(err).toMatch(/^ssd-distill: expected LibTorch 2\.\d+, found none: .*; tried:\n {2}- /);
  expect(err).not.toContain("    at ");
});

test("install takes a file, and where finds it", () => {
  const cache = temporaryFolder();
  const file = join(temporaryFolder(), "libtorch.zip");
  writeFileSync(file, zip(libtorchZip()));
  const env = { SSD_DISTILL_CACHE: cache };
  const { code, out, err } = cli(["libtorch", "install", "--file", file, "--json"], env);
  const unknown = "no sha256 of libtorch.zip is known: it is held to the checksums inside alone";
  expect([code, err]).toEqual([0, `libtorch: ${unknown}\nlibtorch: unpacking ${file}\n`]);
  const path = join(cache, "libtorch", "2.13.0");
  expect(JSON.parse(out)).toEqual({ path, version: "2.13.0+cpu", cuda: false, source: "cache" });
  expect(cli(["libtorch", "where", "--build", "--json"], env).out).toBe(out);
});

test.each([
  ["a .. in it", zip([{ name: "libtorch/../../evil", text: "x" }]), [], "invalid relative path"],
  ["a cut", zip(libtorchZip()).subarray(0, 200), [], "[Ee]nd of central directory"],
  ["a wrong sum", zip(libtorchZip()), ["--sha256", "0".repeat(64)], "sha256 is \\w+, not 0{64}"],
])("install refuses an archive with %s", (_what, content, flags, message) => {
  const cache = temporaryFolder();
  const file = join(temporaryFolder(), "libtorch.zip");
  writeFileSync(file, content);
  const run = cli(["libtorch", "install", "--file", file, ...flags], { SSD_DISTILL_CACHE: cache });
  expect([run.code, run.out]).toEqual([1, ""]);
  const last = run.err.trim().split("\n").at(-1);
  expect(last).toMatch(
    new RegExp(`^ssd-distill: expected a LibTorch ZIP or WHL, got .*${message}`),
  );
  expect(last).toContain(file);
  const left = join(cache, "libtorch");
  expect(existsSync(left) ? readdirSync(left) : []).toEqual([]);
});

test("a misspelled sha256 is a usage error", () => {
  const args = ["libtorch", "install", "--file", "x.zip", "--sha256", "abc"];
  expect(cli(args)).toEqual({ code: 2, ...sentence('.*expected a sha256 of 64 .*, got "abc"') });
});

test("list shows every one and which is used, and remove removes", () => {
  const cache = temporaryFolder();
  const env = { SSD_DISTILL_CACHE: cache };
  const at = (name: string) => join(cache, "libtorch", name);
  expect(cli(["libtorch", "list"], env).out).toMatch(/^none: "ssd-distill libtorch install"/);
  fakeLibtorch(at("2.13.0"), "2.13.0+cpu");
  fakeLibtorch(at("2.9.1"), "2.9.1+cpu");
  const { found } = JSON.parse(cli(["libtorch", "list", "--json"], env).out);
  expect(found).toEqual([
    {
      path: at("2.13.0"),
      version: "2.13.0+cpu",
      cuda: false,
      source: "cache",
      fits: true,
      used: true,
    },
    {
      path: at("2.9.1"),
      version: "2.9.1+cpu",
      cuda: false,
      source: "cache",
      fits: false,
      used: false,
    },
  ]);
  expect(cli(["libtorch", "list"], env).out).toMatch(
    /^2\.13\.0\+cpu +used +cache .*\n2\.9\.1\+cpu +no engine for it +cache .*\n$/,
  );
  const removed = cli(["libtorch", "remove", "2.9.1", "--json"], env);
  expect(removed).toEqual({ code: 0, out: `{"removed":"${at("2.9.1")}"}\n`, err: "" });
  expect(cli(["libtorch", "remove", "2.9.1"], env)).toEqual({
    code: 2,
    ...sentence('libtorch remove: expected one of .*2\\.13\\.0.*, got "2\\.9\\.1".*'),
  });
});

test("a choice that does not hold is used by nobody, and nothing else is in its place", () => {
  const cache = temporaryFolder();
  fakeLibtorch(join(cache, "libtorch", "2.13.0"), "2.13.0+cpu");
  const env = { SSD_DISTILL_CACHE: cache, LIBTORCH: temporaryFolder() };
  const { found } = JSON.parse(cli(["libtorch", "list", "--json"], env).out);
  expect(found).toMatchObject([{ fits: true, used: false }]);
});

test("install has a --version of its own", () => {
  expect(cli(["libtorch", "install", "--version", "1.0.0"])).toEqual({
    code: 2,
    ...sentence('libtorch install: expected a version 2\\.13\\.x, .*, got "1\\.0\\.0"'),
  });
});
