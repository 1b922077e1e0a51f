import { expect, test } from "vitest";
import type { Problem } from "../../../lib/data/dataset.js";
import { problemLine, problemSummary } from "../../../lib/data/problems.js";

const flat: Problem = { kind: "zero-area", file: "a.xml", object: 0, message: "has no area" };
const lost: Problem = { kind: "missing-picture", file: "b.xml", message: "expected b.jpg" };

test("a problem is a line: kind, file, object if any, sentence", () => {
  expect(problemLine(flat)).toBe("zero-area a.xml#0: has no area");
  expect(problemLine(lost)).toBe("missing-picture b.xml: expected b.jpg");
});

test("the summary counts each kind, in the order they first came", () => {
  expect(problemSummary([])).toBe("no problems");
  expect(problemSummary([lost])).toBe("1 problem: missing-picture 1");
  expect(problemSummary([flat, lost, flat])).toBe("3 problems: zero-area 2, missing-picture 1");
});
