import { expect, test } from "vitest";
import { Source } from "../../../lib/checkpoint/source.js";
import { readZip } from "../../../lib/checkpoint/zip.js";
import { counting } from "../../support/pickle.js";
import { failure } from "../../support/small.js";
import { weightFile } from "../../support/weight-files.js";
import { zip } from "../../support/zip.js";

/** Members as text by name; reads them all. */
async function read(content: Buffer): Promise<Record<string, string>> {
  const source = await Source.open(await weightFile(content));
  try {
    const found: Record<string, string> = {};
    for (const [name, member] of await readZip(source))
      found[name] = Buffer.from(await member.read(0, member.size)).toString();
    return found;
  } finally {
    await source.close();
  }
}

async function refusal(content: Buffer, ...parts: string[]): Promise<void> {
  await expect(read(content)).rejects.toEqual(failure("BAD_CHECKPOINT", "weights.bin", ...parts));
}

/** The archive with a change at the n-th record of a signature, `at` bytes into it. */
function changed(content: Buffer, signature: string, at: number, value: number, nth = 0): Buffer {
  const out = Buffer.from(content);
  let record = -1;
  for (let i = 0; i <= nth; i++) record = out.indexOf(signature, record + 1);
  out.writeUInt16LE(value, record + at);
  return out;
}

const [local, central, end] = ["PK\x03\x04", "PK\x01\x02", "PK\x05\x06"];
const two = zip([
  { name: "a", text: "first" },
  { name: "b/c", text: "second", deflate: true },
]);

test("members, stored and deflated, with a comment behind them or without", async () => {
  const members = { a: "first", "b/c": "second" };
  expect(await read(two)).toEqual(members);
  const comment = changed(Buffer.concat([two, Buffer.from("hello")]), end, 20, 5);
  expect(await read(comment)).toEqual(members);
  expect(await read(zip([]))).toEqual({});
  expect(await read(zip([{ name: "none" }, { name: "also", deflate: true }]))).toEqual({
    none: "",
    also: "",
  });
});

test("names as they are, whatever JavaScript thinks of them", async () => {
  const names = ["__proto__", "constructor", "größe", " "];
  const members = names.map((name) => ({ name, text: "x" }));
  const utf8 = members.reduce(
    (content, _, i) => changed(changed(content, local, 6, 0x800, i), central, 8, 0x800, i),
    zip(members),
  );
  const source = await Source.open(await weightFile(utf8));
  expect([...(await readZip(source)).keys()]).toEqual(names);
  await source.close();
});

test("parts of a member, whole first and whole after", async () => {
  for (const deflate of [false, true]) {
    const source = await Source.open(
      await weightFile(zip([{ name: "a", data: counting(1000), deflate }])),
    );
    const member = (await readZip(source)).get("a")!;
    expect([...(await member.peek(5))]).toEqual([0, 1, 2, 3, 4]);
    expect(await member.peek(5000)).toHaveLength(1000);
    for (const [begin, stop] of [
      [10, 20],
      [0, 1000],
      [990, 1000],
      [5, 5],
      [0, 600],
    ] as const) {
      const part = await member.read(begin, stop);
      expect([...part]).toEqual([...counting(1000).subarray(begin, stop)]);
      expect(part.length).toBeLessThanOrEqual(member.cost(begin, stop));
    }
    await source.close();
  }
});

test.each([false, true])("a checksum that does not fit, deflated: %s", async (deflate) => {
  const content = zip([{ name: "a", data: counting(1000), deflate, crc: 7 }]);
  for (const [begin, stop] of [
    [0, 1000],
    [10, 20],
    [10, 10],
  ] as const) {
    const source = await Source.open(await weightFile(content));
    const member = (await readZip(source)).get("a")!;
    await expect(member.read(begin, stop)).rejects.toEqual(
      failure("BAD_CHECKPOINT", "member a", "CRC-32 of 7", "damaged"),
    );
    // Not even once something of it was tried.
    await expect(member.read(begin, stop)).rejects.toEqual(failure("BAD_CHECKPOINT"));
    await source.close();
  }
});

test.each<[string, Buffer, string[]]>([
  ["an archive that is none", Buffer.from("PK\x03\x04, but no more than that"), ["sound ZIP"]],
  ["nothing but its end, cut short", zip([]).subarray(0, 21), ["sound ZIP"]],
  ["two of one name", zip([{ name: "a" }, { name: "a" }]), ["one member a, got two"]],
  ["a name that leaves the folder", zip([{ name: "../a" }]), ["../a"]],
  ["an absolute name", zip([{ name: "/a" }]), ["/a"]],
  ["a name with a backslash", zip([{ name: "a\\b" }]), ["a\\b"]],
  ["an encrypted member", changed(two, central, 8, 1, 1), ["member b/c", "encrypted"]],
  ["a strongly encrypted one", changed(two, central, 8, 0x41), ["encryption"]],
  [
    "an encrypted one, by its own header",
    changed(two, local, 6, 1),
    ["member a", "the one in the directory"],
  ],
  ["another compression", changed(two, central, 10, 12), ["member a", "stored or deflated"]],
  [
    "a stored one that is deflated elsewhere",
    changed(two, local, 8, 8),
    ["the one in the directory"],
  ],
  ["another name elsewhere", changed(two, local, 30, 0x62), ["the one in the directory"]],
  ["another checksum elsewhere", changed(two, local, 14, 1), ["the one in the directory"]],
  ["another size elsewhere", changed(two, local, 18, 4), ["the one in the directory"]],
  ["another inflated size elsewhere", changed(two, local, 22, 4), ["the one in the directory"]],
  ["a stored one of two sizes", changed(two, central, 24, 4), ["size mismatch"]],
  ["a deflated one that is longer", changed(two, central, 24, 7, 1), ["the one in the directory"]],
  [
    "the same in both headers",
    changed(changed(two, central, 24, 7, 1), local, 22, 7, 1),
    ["7 bytes, got 6"],
  ],
  [
    "a deflated one that is shorter",
    changed(changed(two, central, 24, 5, 1), local, 22, 5, 1),
    ["b/c"],
  ],
  [
    "more than deflate can make",
    changed(two, central, 24, 60_000, 1),
    ["more than deflate can make"],
  ],
  ["fewer members than there are", changed(two, end, 10, 1), ["directory ends at"]],
  ["more members than there are", changed(two, end, 10, 3), ["cut short?"]],
  ["a directory elsewhere", changed(two, end, 16, 3), ["signature"]],
  ["several disks", changed(two, end, 4, 1), ["disk"]],
  ["a member that leaves too little", changed(two, central, 42, 3), ["a ends at"]],
  ["one beyond the end", changed(two, central, 42, 60_000), ["ends at"]],
  ["two that share their bytes", changed(two, central, 42, 0, 1), ["after the next begins"]],
])("%s is refused", async (_what, content, parts) => {
  await refusal(content, ...parts);
});

test("zip64 is read where it is whole, and refused where it lies", async () => {
  const start = two.indexOf(central);
  const record = Buffer.alloc(56);
  record.write("PK\x06\x06", "latin1");
  record.writeBigUInt64LE(44n, 4);
  record.writeBigUInt64LE(2n, 24);
  record.writeBigUInt64LE(2n, 32);
  const stop = two.indexOf(end);
  record.writeBigUInt64LE(BigInt(stop - start), 40);
  record.writeBigUInt64LE(BigInt(start), 48);
  const locator = Buffer.alloc(20);
  locator.write("PK\x06\x07", "latin1");
  locator.writeBigUInt64LE(BigInt(stop), 8);
  locator.writeUInt32LE(1, 16);
  const parts = [two.subarray(0, stop), record, locator, two.subarray(stop)];
  const content = Buffer.concat(parts);
  expect(await read(content)).toEqual({ a: "first", "b/c": "second" });
  await refusal(changed(content, "PK\x06\x06", 32, 1), "directory ends at");
  await refusal(changed(content, "PK\x06\x06", 48, 1), "signature");
  await refusal(changed(content, "PK\x06\x07", 8, 60_000), "cut short?");
  await refusal(changed(content, "PK\x06\x07", 14, 60_000), "cut short?");
});

test("a directory longer than what is read ahead", async () => {
  const members = Array.from({ length: 3000 }, (_, i) => ({ name: `${i}/${"x".repeat(40)}` }));
  const source = await Source.open(await weightFile(zip(members)));
  expect((await readZip(source)).size).toBe(3000);
  await source.close();
});
