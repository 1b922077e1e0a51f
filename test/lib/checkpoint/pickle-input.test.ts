import fc from "fast-check";
import { expect, test } from "vitest";
import { CutShort, PickleInput } from "../../../lib/checkpoint/pickle-input.js";

const input = (hex: string) => new PickleInput(Buffer.from(hex, "hex"));

test("numbers in their order of bytes, one after the other", () => {
  const row = input(
    "ff" + "0201" + "ffffffff" + "feffffff" + "0100000000000080" + "3ff8000000000000",
  );
  expect([row.u8(), row.u16(), row.u32(), row.i32()]).toEqual([255, 258, 2 ** 32 - 1, -2]);
  expect([row.u64(), row.f64(), row.rest]).toEqual([2 ** 63, 1.5, 0]);
});

test("integers of any length, as numbers where those are exact", () => {
  const bytesOf = (value: bigint, length: number) => {
    const digits = BigInt.asUintN(8 * length, value)
      .toString(16)
      .padStart(2 * length, "0");
    return Buffer.from(digits, "hex").reverse();
  };
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 255 }), fc.bigInt(), (length, any) => {
      const value = BigInt.asIntN(8 * length, any);
      const read = new PickleInput(bytesOf(value, length)).integer(length);
      expect(BigInt(read)).toBe(value);
      expect(typeof read).toBe(Number.isSafeInteger(Number(value)) ? "number" : "bigint");
    }),
  );
  expect(input("").integer(0)).toBe(0);
});

test("texts are UTF-8 or nothing", () => {
  expect(input("c3a9").text(2)).toBe("é");
  expect(input("c3").text(1)).toBeUndefined();
  expect(input("eda080").text(3)).toBeUndefined(); // half of a character
});

test("lines end within a limit", () => {
  const rows = new PickleInput(Buffer.from("abc\n\ndef\n"));
  expect([rows.line(10), rows.line(10), rows.position]).toEqual(["abc", "", 5]);
  expect(rows.line(3)).toBeUndefined();
  expect(rows.line(4)).toBe("def");
  expect(() => rows.line(4)).toThrow(CutShort);
});

test("the end is told wherever it comes, and nothing is taken then", () => {
  const row = input("0102030405060708");
  row.take(6);
  const takes = [
    () => row.take(3),
    () => row.u32(),
    () => row.i32(),
    () => row.u64(),
    () => row.f64(),
    () => row.text(3),
    () => row.integer(3),
    () => row.take(2 ** 32),
  ];
  for (const take of takes) expect(take).toThrow(CutShort);
  expect(row.u16()).toBe(0x0807);
  expect(() => row.u8()).toThrow(CutShort);
  expect(() => row.u16()).toThrow(CutShort);
});
