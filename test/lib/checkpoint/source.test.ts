import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { truncate } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Source } from "../../../lib/checkpoint/source.js";
import { SsdError } from "../../../lib/errors.js";
import { counting } from "../../support/pickle.js";
import { failure } from "../../support/small.js";
import { temporaryFolder } from "../../support/temporary.js";
import { weightFile } from "../../support/weight-files.js";

async function collect(source: Source, begin: number, end: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of source.chunks(begin, end)) pieces.push(piece);
  return Buffer.concat(pieces);
}

test("bytes at any position, each time in memory of their own", async () => {
  const source = await Source.open(await weightFile(counting(500)));
  expect(source.size).toBe(500);
  const part = await source.read(10, 20);
  expect([...part]).toEqual([...counting(500).subarray(10, 30)]);
  expect([part.byteOffset, part.buffer.byteLength]).toEqual([0, 20]);
  part.fill(0);
  expect([...(await source.read(10, 2))]).toEqual([10, 11]);
  expect(await source.read(500, 0)).toHaveLength(0);
  expect(await collect(source, 100, 400)).toEqual(counting(500).subarray(100, 400));
  expect(await collect(source, 5, 5)).toHaveLength(0);
  await source.close();
});

test("pieces of a range longer than one", async () => {
  const content = counting(2 ** 21 + 5);
  const source = await Source.open(await weightFile(content));
  expect((await collect(source, 3, content.length)).equals(content.subarray(3))).toBe(true);
  await source.close();
});

test("what the file does not have is refused, before memory is made for it", async () => {
  const file = await weightFile(counting(100));
  const source = await Source.open(file);
  for (const [position, length] of [
    [0, 101],
    [100, 1],
    [2 ** 60, 1],
    [0, 2 ** 60],
    [Number.NaN, 1],
  ] as const)
    await expect(source.read(position, length)).rejects.toEqual(
      failure("BAD_CHECKPOINT", file, "cut short?"),
    );
  await truncate(file, 50);
  await expect(source.read(40, 20)).rejects.toEqual(failure("BAD_CHECKPOINT", file, "cut short?"));
  await source.close();
});

test("what is closed cannot be read; closing again does nothing", async () => {
  const file = await weightFile(counting(10));
  const source = await Source.open(file);
  await source.close();
  await source.close();
  await expect(source.read(0, 1)).rejects.toEqual(failure("DISPOSED", file));
});

test("a folder, a pipe and a name of nothing are refused at once, and nothing stays open", async () => {
  const folder = temporaryFolder();
  const pipe = join(folder, "pipe");
  execFileSync("mkfifo", [pipe]);
  const open = readdirSync("/proc/self/fd").length;
  for (const file of [folder, pipe, join(folder, "none"), "", "\0"])
    await expect(Source.open(file)).rejects.toEqual(failure("BAD_CHECKPOINT", "readable file"));
  expect(readdirSync("/proc/self/fd")).toHaveLength(open);
});

test("errors of others become sentences about the file, ours stay", async () => {
  const source = await Source.open(await weightFile(counting(1)));
  const ours = new SsdError("DISPOSED", "closed");
  expect(source.because("expected more", ours)).toBe(ours);
  const sentence = failure("BAD_CHECKPOINT", `${source.file}: expected more: why not`);
  expect(source.because("expected more", new Error("why\nnot".replace("\n", " ")))).toEqual(
    sentence,
  );
  expect(source.because("expected more", "text")).toEqual(failure("BAD_CHECKPOINT", "text"));
  await source.close();
});
