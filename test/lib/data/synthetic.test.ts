import { createHash } from "node:crypto";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { checkDataset } from "../../../lib/data/check.js";
import { type SyntheticOptions, synthetic } from "../../../lib/data/synthetic.js";
import { temporaryFolder } from "../../support/temporary.js";

const small = { images: 10, size: 48 } as const;

/** Digest of every file below a folder, by path. */
async function digests(dir: string): Promise<Record<string, string>> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const pairs = files.map(async (entry) => {
    const path = join(entry.parentPath, entry.name);
    const hash = createHash("sha256").update(await readFile(path));
    return [path.slice(dir.length), hash.digest("hex")] as const;
  });
  return Object.fromEntries(await Promise.all(pairs));
}

async function written(options: SyntheticOptions): Promise<Record<string, string>> {
  const dir = join(temporaryFolder(), "set");
  await synthetic("shapes", { ...options, dir }).read();
  return await digests(dir);
}

async function idsOf(options: SyntheticOptions): Promise<string[]> {
  return (await synthetic("shapes", options).read()).items.map(({ id }) => id);
}

beforeEach(() => {
  vi.stubEnv("SSD_DISTILL_CACHE", temporaryFolder());
});

test("the same options write the same bytes; another seed or size others", async () => {
  const first = await written(small);
  expect(Object.keys(first)).toHaveLength(12 * 2 + 4 + 1);
  expect(await written(small)).toEqual(first);
  const picture = "/JPEGImages/shapes_000003.jpg";
  expect((await written({ ...small, seed: 1 }))[picture]).not.toBe(first[picture]);
  expect((await written({ ...small, size: 64 }))[picture]).not.toBe(first[picture]);
});

test("a larger set begins with a smaller one, and test pictures are in no training set", async () => {
  const [few, more] = [await written(small), await written({ ...small, images: 14 })];
  for (const [path, digest] of Object.entries(few)) {
    if (/\.(jpg|xml)$/.test(path)) expect(more[path]).toBe(digest);
  }
  const pictures = Object.entries(more).filter(([path]) => path.endsWith(".jpg"));
  expect(new Set(pictures.map(([, digest]) => digest)).size).toBe(pictures.length);
});

test("80 % train, the others val, and 15 % test on top", async () => {
  const options = { ...small, images: 20 };
  const train = await idsOf({ ...options, set: "train" });
  const val = await idsOf({ ...options, set: "val" });
  const both = await idsOf(options);
  const held = await idsOf({ ...options, set: "test" });
  expect([train.length, val.length, both.length, held.length]).toEqual([16, 4, 20, 3]);
  expect([...train, ...val]).toEqual(both);
  expect(held.some((id) => both.includes(id))).toBe(false);
});

test.each([1, 2, 3])("a set of %i leaves none of its parts empty", async (images) => {
  for (const set of ["train", "val", "trainval", "test"] as const) {
    expect((await idsOf({ ...small, images, set })).length).toBeGreaterThan(0);
  }
});

test("has its three classes, even where one does not occur, and nothing wrong with it", async () => {
  const found = await checkDataset(synthetic("shapes", { ...small, images: 40 }));
  expect(found.problems).toEqual([]);
  expect(found.items).toBe(40);
  expect(Object.keys(found.classes)).toEqual(["circle", "square", "triangle"]);
  const one = await synthetic("shapes", { ...small, images: 1 }).read();
  expect(one.classes).toEqual(["circle", "square", "triangle"]);
  const order = ["triangle", "circle", "square"];
  const other = await synthetic("shapes", small).read({ classes: order, limit: 3 });
  expect([other.classes, other.items.length]).toEqual([order, 3]);
});

describe("writing", () => {
  test("happens once", async () => {
    const dir = join(temporaryFolder(), "set");
    const source = synthetic("shapes", { ...small, dir });
    const { items } = await source.read();
    await writeFile(items[0]!.annotation!, "<annotation/>");
    expect((await source.read()).items[0]!.truths).toEqual([]);
  });

  test("at the same time does no harm, and leaves nothing else behind", async () => {
    const dir = join(temporaryFolder(), "set");
    const source = synthetic("shapes", { ...small, dir });
    const [a, b] = await Promise.all([source.read(), source.read()]);
    expect(a).toEqual(b);
    expect(await readdir(dirname(dir))).toEqual(["set"]);
  });

  test("into a folder that is empty, but not into one with anything else", async () => {
    const dir = temporaryFolder();
    await synthetic("shapes", { ...small, dir }).read();
    await expect(synthetic("shapes", { ...small, seed: 2, dir }).read()).rejects.toThrow(
      /another set is there: shapes-v1-10-seed0-48 instead of shapes-v1-10-seed2-48/,
    );
    const other = temporaryFolder();
    await writeFile(join(other, "thesis.txt"), "mine");
    await expect(synthetic("shapes", { ...small, dir: other }).read()).rejects.toMatchObject({
      code: "BAD_DATA",
      message: expect.stringContaining(other),
    });
    expect(await readdir(other)).toEqual(["thesis.txt"]);
  });

  test("of half a set is not taken for a whole one", async () => {
    const dir = join(temporaryFolder(), "set");
    const source = synthetic("shapes", { ...small, dir });
    await source.read();
    await rm(join(dir, "synthetic.json"));
    await expect(source.read()).rejects.toThrow(dir);
  });

  test("where a file stands in the way names it", async () => {
    const file = join(temporaryFolder(), "file");
    await writeFile(file, "");
    const source = synthetic("shapes", { ...small, dir: join(file, "set") });
    await expect(source.read()).rejects.toThrow(/expected a folder .* got: (ENOTDIR|EEXIST)/);
  });
});

test.each([
  [{ images: 0 }, /option "images"/],
  [{ size: 8 }, /option "size"/],
  [{ seed: -1 }, /option "seed"/],
  [{ set: "tran" }, /did you mean "train"/],
  [{ imges: 5 }, /did you mean "images"/],
])("refuses %j at once", (options, message) => {
  expect(() => synthetic("shapes", options as never)).toThrow(message);
});

test("refuses another name", () => {
  expect(() => synthetic("shape" as never)).toThrow(/expected shapes, got "shape"; did you mean/);
});

test("its splits are train, val and test of the same pictures", async () => {
  const options = { images: 10, seed: 3, size: 48, dir: "/none" };
  const sets = ["train", "val", "test"] as const;
  const splits = await synthetic("shapes", options).splits!();
  expect(splits.map(({ spec }) => spec)).toEqual(
    sets.map((set) => synthetic("shapes", { ...options, set }).spec),
  );
});
