import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nearest, reason, SsdError, suggestion } from "../../lib/errors.js";

test("an SsdError is an Error with a code, a sentence and a cause", () => {
  const cause = new TypeError("inner");
  const error = new SsdError("BAD_DATA", "expected a cat, got a dog", { cause });
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({ name: "SsdError", code: "BAD_DATA", cause });
  expect(String(error)).toBe("SsdError: expected a cat, got a dog");
  expect(error.stack).toContain("errors.test");
});

test("the reason of anything that was thrown", () => {
  expect(reason(new RangeError("too far"))).toBe("too far");
  expect(reason("text")).toBe("text");
  expect(reason(undefined)).toBe("undefined");
});

describe("the nearest name", () => {
  const known = ["optimizer", "schedule", "epochs", "lr"];

  test.each([
    ["optimiser", "optimizer"],
    ["Epoch", "epochs"],
    ["LR", "lr"],
    ["shcedule", "schedule"],
  ])("of %s is %s", (word, name) => {
    expect(nearest(word, known)).toBe(name);
    expect(suggestion(word, known)).toBe(`; did you mean "${name}"?`);
  });

  test("is none when nothing is near", () => {
    expect(nearest("temperature", known)).toBeUndefined();
    expect(suggestion("temperature", known)).toBe("");
    expect(nearest("x", [])).toBeUndefined();
  });

  test("of a known name is itself, also with a letter changed", () => {
    const words = fc.uniqueArray(fc.stringMatching(/^[a-z]{4,10}$/), { minLength: 1 });
    fc.assert(
      fc.property(words, fc.nat(), fc.nat(), (names, which, place) => {
        const name = names[which % names.length]!;
        expect(nearest(name, names)).toBe(name);
        const at = place % name.length;
        const misspelled = `${name.slice(0, at)}#${name.slice(at + 1)}`;
        expect(nearest(misspelled, ["q".repeat(30), name])).toBe(name);
      }),
    );
  });
});
