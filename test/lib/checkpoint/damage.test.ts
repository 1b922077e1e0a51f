import fc from "fast-check";
import { expect, test } from "vitest";
import { damaged, shown } from "../../../lib/checkpoint/damage.js";

test("the sentence names the file and is of one line", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (why) => {
      const { message, code } = damaged("a/b.pth", why);
      expect(code).toBe("BAD_CHECKPOINT");
      expect(message.startsWith("a/b.pth: ")).toBe(true);
      expect(message).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
      // By characters: one may be two units of a string, and is replaced as a whole.
      expect([...message]).toHaveLength("a/b.pth: ".length + [...why].length);
    }),
  );
});

test("what is shown is short, and no terminal obeys it", () => {
  expect(shown("features.0.weight")).toBe("features.0.weight");
  expect(shown("größe 大")).toBe("größe 大");
  expect(shown("a\nb\x1b[31m\u202e")).toBe("a�b�[31m�");
  expect(shown("x".repeat(1000))).toBe(`${"x".repeat(100)}…`);
  expect(shown("\ud83d\ude00")).toBe("😀");
  expect(shown(`${"x".repeat(99)}😀`)).toBe(`${"x".repeat(99)}�…`);
});

test.each<[unknown, string]>([
  [[1, "a"], '[1,"a"]'],
  [{ toString: 1 }, '{"toString":1}'],
  [null, "null"],
  [undefined, "undefined"],
  [3, "3"],
])("%j of a JSON text", (value, text) => {
  expect(shown(value)).toBe(text);
});
