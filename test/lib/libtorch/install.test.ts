import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import * as space from "../../../lib/data/pack-space.js";
import { type InstallOptions, installLibtorch } from "../../../lib/libtorch/install.js";
import { locateLibtorch } from "../../../lib/libtorch/locate.js";
import { sendFile, serve } from "../../support/file-server.js";
import { fakeLibtorch, libtorchZip, torchWheel } from "../../support/libtorch.js";
import { stubPython } from "../../support/python.js";
import { temporaryFolder } from "../../support/temporary.js";
import { type ZipMember, zip } from "../../support/zip.js";

beforeEach(() => {
  vi.unstubAllEnvs();
  vi.stubEnv("LIBTORCH", undefined);
});

// No test may reach the network, whatever machine it runs on.
vi.mock("../../../lib/libtorch/http.js", async (original) => {
  const http = await original<typeof import("../../../lib/libtorch/http.js")>();
  const transfer: typeof http.transfer = (file) =>
    file.url.startsWith("http://127.0.0.1:")
      ? http.transfer(file)
      : Promise.reject(new TypeError("no network in this test"));
  return { ...http, transfer };
});

/** An empty cache; returns the folder LibTorch goes to. */
function emptyCache(): string {
  const cache = temporaryFolder();
  vi.stubEnv("SSD_DISTILL_CACHE", cache);
  return join(cache, "libtorch");
}

function archiveOf(members: readonly ZipMember[], name = "archive.zip"): string {
  const file = join(temporaryFolder(), name);
  writeFileSync(file, zip(members));
  return file;
}

/** Expects a NO_LIBTORCH of one line that leaves nothing behind. */
async function expectRefusal(cache: string, options: InstallOptions, message: RegExp) {
  const error = await installLibtorch(options).then(
    () => undefined,
    (thrown) => thrown,
  );
  expect(error).toMatchObject({ name: "SsdError", code: "NO_LIBTORCH" });
  expect(error.message).toMatch(message);
  expect(error.message).not.toContain("\n");
  if (options.file !== undefined) expect(error.message).toContain(options.file);
  expect(existsSync(cache) ? readdirSync(cache) : []).toEqual([]);
}

test.each([
  ["ZIP", libtorchZip],
  ["wheel", torchWheel],
])("a %s is installed where locate finds it", async (_kind, members) => {
  const cache = emptyCache();
  const path = join(cache, "2.13.0");
  const installed = await installLibtorch({ file: archiveOf(members()) });
  expect(installed).toEqual({ path, version: "2.13.0+cpu", cuda: false, source: "cache" });
  expect(locateLibtorch({ versions: ["2.13"] })).toEqual(installed);
  expect(readdirSync(cache)).toEqual(["2.13.0"]);
});

test("nothing is done when the pinned version is there", async () => {
  const cache = emptyCache();
  const path = fakeLibtorch(join(cache, "2.13.0"), "2.13.0+cpu");
  expect((await installLibtorch()).path).toBe(path);
});

test("a wheel's licences are kept", async () => {
  const cache = emptyCache();
  const licence = {
    name: "torch-2.13.0+cpu.dist-info/licenses/third_party/fmt/LICENSE",
    text: "MIT",
  };
  await installLibtorch({ file: archiveOf([...torchWheel(), licence]) });
  const kept = join(cache, "2.13.0", "licenses", "third_party", "fmt", "LICENSE");
  expect(readFileSync(kept, "utf8")).toBe("MIT");
});

test("that nothing is known to hold an archive to is told", async () => {
  emptyCache();
  const lines: string[] = [];
  const onProgress = (line: string) => void lines.push(line);
  await installLibtorch({ file: archiveOf(libtorchZip()), onProgress });
  expect(lines[0]).toMatch(/^no sha256 of archive\.zip is known/);
});

test("a file given replaces what is there, also a broken folder", async () => {
  const cache = emptyCache();
  const file = archiveOf(libtorchZip());
  fakeLibtorch(join(cache, "2.13.0"), "2.13.0+cpu", { old: "" });
  await installLibtorch({ file });
  expect(readdirSync(join(cache, "2.13.0")).sort()).toEqual(["build-version", "include", "lib"]);
});

test("a broken folder of the pinned version is replaced", async () => {
  const cache = emptyCache();
  mkdirSync(join(cache, "2.13.0", "lib"), { recursive: true });
  stubPython(pipLeaves(archiveOf(torchWheel(), "torch.whl")));
  expect((await installLibtorch()).version).toBe("2.13.0+cpu");
});

test("installs at the same time all end well", async () => {
  const cache = emptyCache();
  stubPython(pipLeaves(archiveOf(torchWheel(), "torch.whl")));
  const file = archiveOf(libtorchZip());
  const many = await Promise.all(
    [{}, { file }, {}, { file }].map((options) => installLibtorch(options)),
  );
  for (const one of many) expect(one.path).toBe(join(cache, "2.13.0"));
  expect(readdirSync(cache)).toEqual(["2.13.0"]);
});

function pipLeaves(wheel: string): string {
  return `while [ "$1" != --dest ]; do shift; done; cp '${wheel}' "$2"`;
}

test("without network pip is asked; without pip the error says both and what to do", async () => {
  const cache = emptyCache();
  stubPython("echo 'ERROR: nothing found' >&2; exit 1");
  const both = /no network in this test.*nothing found.*libtorch install --file FILE/;
  await expectRefusal(cache, {}, both);
});

test.each<[string, ZipMember[], RegExp]>([
  ["a name with ..", [...libtorchZip(), { name: "libtorch/../../x" }], /invalid relative path/],
  ["a link", [...libtorchZip(), { name: "libtorch/lib/x", mode: 0o120777 }], /symbolic link/],
  ["a wrong checksum", [{ name: "libtorch/lib/x", text: "x", crc: 1 }], /its checksum/],
  ["nothing of LibTorch", [{ name: "readme.txt" }], /no lib\/libtorch\.so/],
  ["another version", libtorchZip("2.11.0+cpu"), /it holds version 2\.11\.0\+cpu, not 2\.13/],
  ["CUDA without its libraries", [...torchWheel(), { name: "torch/lib/libtorch_cuda.so" }], /CUDA/],
])("an archive with %s is refused", async (_what, members, message) => {
  await expectRefusal(emptyCache(), { file: archiveOf(members) }, message);
});

test("a cut, an empty and a missing archive are refused", async () => {
  const cache = emptyCache();
  const file = archiveOf(libtorchZip());
  const whole = readFileSync(file);
  for (const length of [whole.length - 40, 100, 0]) {
    writeFileSync(file, whole.subarray(0, length));
    await expectRefusal(cache, { file }, /expected a LibTorch ZIP or WHL/);
  }
  await expectRefusal(cache, { file: `${file}.missing` }, /no such file/);
});

test("a file is held to the sha256 given, and to the known one of its name", async () => {
  const cache = emptyCache();
  const file = archiveOf(libtorchZip());
  const wrong = "0".repeat(64);
  await expectRefusal(cache, { file, sha256: wrong }, /its sha256 is [0-9a-f]{64}, not 0{64}/);
  const known = archiveOf(torchWheel(), "torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl");
  await expectRefusal(cache, { file: known }, /its sha256 is [0-9a-f]{64}, not 6746dbcb/);
});

test.each<[InstallOptions, RegExp]>([
  [{ file: "a", url: "http://b" }, /a file or a url, got both/],
  [{ sha256: "0".repeat(64) }, /sha256 needs the file or url/],
  [{ file: "a", sha256: "xyz" }, /64 hexadecimal digits, got "xyz"/],
])("options that do not fit together are told: %j", async (options, message) => {
  await expect(installLibtorch(options)).rejects.toThrow(message);
  await expect(installLibtorch(options)).rejects.toMatchObject({ code: "BAD_OPTION" });
});

test.each<[InstallOptions, RegExp]>([
  [{ file: "a", cuda: "13.0" }, /choose among PyTorch's archives, got them with a/],
  [{ url: "http://a", version: "2.13.1" }, /got them with http:\/\/a/],
  [{ cuda: "13" }, /a CUDA version such as 13\.0, got "13"/],
  [{ cuda: "cu130" }, /got "cu130"/],
  [
    { version: "2.9.0" },
    /expected a version 2\.13\.x, for which there is an engine, got "2\.9\.0"/,
  ],
  [{ version: "2.13" }, /got "2\.13"/],
])("a version or a CUDA that cannot be is told: %j", async (options, message) => {
  await expect(installLibtorch(options)).rejects.toThrow(message);
  await expect(installLibtorch(options)).rejects.toMatchObject({ code: "BAD_OPTION" });
});

test("a version and a CUDA of one's own name another archive, which no wheel stands in for", async () => {
  const cache = emptyCache();
  stubPython("exit 1");
  const root = "https://download\\.pytorch\\.org/libtorch";
  const address = (path: string) => new RegExp(`${root}/${path}: no network in this test$`);
  const cuda = "cu130/libtorch-shared-with-deps-2\\.13\\.0%2Bcu130\\.zip";
  await expectRefusal(cache, { cuda: "13.0" }, address(cuda));
  const other = "cpu/libtorch-shared-with-deps-2\\.13\\.1%2Bcpu\\.zip";
  await expectRefusal(cache, { version: "2.13.1" }, address(other));
});

test("one for CUDA that is there is not installed again, nor taken for the one for the CPU", async () => {
  const cache = emptyCache();
  const cuda = { "lib/libtorch_cuda.so": "" };
  const path = fakeLibtorch(join(cache, "2.13.0+cu130"), "2.13.0+cu130", cuda);
  expect(await installLibtorch({ cuda: "13.0" })).toMatchObject({ path, cuda: true });
  stubPython("exit 1");
  await expect(installLibtorch()).rejects.toThrow(/could not be downloaded/);
});

test("a server that breaks off ends in a verified LibTorch or a clear error, and nothing else", async () => {
  const content = zip([...libtorchZip(), { name: "libtorch/lib/more", text: "x".repeat(200_000) }]);
  const sha256 = createHash("sha256").update(content).digest("hex");
  const plan = fc.record({
    cuts: fc.array(fc.integer({ min: 1, max: content.length - 1 }), { maxLength: 3 }),
    ranges: fc.boolean(),
    heals: fc.boolean(),
  });
  const property = fc.asyncProperty(plan, async ({ cuts, ranges, heals }) => {
    const cache = emptyCache();
    let count = 0;
    const address = await serve((request, response) => {
      const cut = cuts[count++];
      if (cut !== undefined) sendFile(request, response, content, { cut, ranges });
      else if (heals) sendFile(request, response, content, { ranges });
      else response.writeHead(404).end();
    });
    const url = `${address}/libtorch.zip`;
    const outcome = await installLibtorch({ url, sha256 }).catch((error) => error);
    const left = readdirSync(cache).filter((name) => !name.startsWith(".partial-"));
    const failed = outcome instanceof Error;
    expect(left).toEqual(failed ? [] : ["2.13.0"]);
    if (!failed) expect(locateLibtorch()).toEqual(outcome);
    else
      expect(outcome).toMatchObject({ code: "NO_LIBTORCH", message: expect.stringContaining(url) });
    if (heals) expect(failed).toBe(false);
    if (!heals && cuts.length === 0) expect(failed).toBe(true);
  });
  await fc.assert(property, { numRuns: 20 });
}, 60_000);

test("a disk that cannot take what is in the archive is told before anything is unpacked", async () => {
  const cache = emptyCache();
  vi.spyOn(space, "freeSpace").mockResolvedValue(10);
  onTestFinished(() => void vi.restoreAllMocks());
  const file = archiveOf(libtorchZip());
  await expect(installLibtorch({ file })).rejects.toThrow(
    /expected .* free in .* to unpack it, got 10 bytes/,
  );
  expect(readdirSync(cache)).toEqual([]);
});

test("a stopped install leaves nothing", async () => {
  const cache = emptyCache();
  const controller = new AbortController();
  const stopped = installLibtorch({
    file: archiveOf(libtorchZip()),
    onProgress: () => controller.abort(),
    signal: controller.signal,
  });
  await expect(stopped).rejects.toMatchObject({ code: "CANCELLED" });
  expect(readdirSync(cache)).toEqual([]);
});

test("what killed installs left is removed after a day, not before", async () => {
  const cache = emptyCache();
  const yesterday = new Date(Date.now() - 90_000_000);
  for (const kind of ["install", "partial"]) {
    for (const age of ["old", "new"])
      mkdirSync(join(cache, `.${kind}-${age}`), { recursive: true });
    utimesSync(join(cache, `.${kind}-old`), yesterday, yesterday);
  }
  await installLibtorch({ file: archiveOf(libtorchZip()) });
  expect(readdirSync(cache).sort()).toEqual([".install-new", ".partial-new", "2.13.0"]);
});

test("a cache that cannot be written is told with its place", async () => {
  const file = archiveOf(libtorchZip());
  vi.stubEnv("SSD_DISTILL_CACHE", join(file, "inside"));
  await expect(installLibtorch({ file })).rejects.toThrow(/could not be installed in .*ENOTDIR/);
});
