import { afterEach, expect, test, vi } from "vitest";
import { note, printResult, table } from "../../../lib/cli/output.js";

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
