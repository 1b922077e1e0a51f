import { afterEach, expect, test, vi } from "vitest";
import { count, note, printResult, table, whenSlow } from "../../../lib/cli/output.js";

afterEach(() => void vi.restoreAllMocks());

function capture(stream: "stdout" | "stderr"): () => string {
  const write = vi.spyOn(process[stream], "write").mockReturnValue(true);
  return () => write.mock.calls.map(([text]) => text).join("");
}

test("a result is one line of JSON, or its text", () => {
  const out = capture("stdout");
  printResult({ a: [1, "x"] }, { json: true }, () => "text");
  printResult({ a: 2 }, {}, ({ a }) => `a is ${a}`);
  expect(out()).toBe('{"a":[1,"x"]}\na is 2\n');
});

test("notes never reach stdout", () => {
  const [out, err] = [capture("stdout"), capture("stderr")];
  note("working");
  expect([out(), err()]).toEqual(["", "working\n"]);
});

test("a table has its values in a column", () => {
  const rows = [
    ["a", "1"],
    ["long", "2"],
  ] as const;
  expect(table(rows)).toBe("a     1\nlong  2");
});

test("a number goes with its noun", () => {
  const boxes = [0, 1, 2].map((number) => count(number, "box", "boxes"));
  expect([...boxes, count(1, "picture"), count(5, "picture")]).toEqual([
    "0 boxes",
    "1 box",
    "2 boxes",
    "1 picture",
    "5 pictures",
  ]);
});

test("only what is slow tells of its progress, and not too often", () => {
  let now = 0;
  const told: number[][] = [];
  const tell = whenSlow(
    (...progress) => told.push(progress),
    5,
    () => now,
  );
  for (let done = 1; done <= 14; done++) {
    now = done;
    tell(done, 14);
  }
  expect(told).toEqual([
    [5, 14],
    [10, 14],
  ]);
});
