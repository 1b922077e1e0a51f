import { describe, expect, test } from "vitest";
import type { Dataset } from "../../../lib/data/dataset.js";
import { notesOn } from "../../../lib/data/notes.js";
import { type Seen, statisticsOf } from "../../../lib/data/statistics.js";
import { seen, truth } from "../../support/seen.js";

const notes = (pictures: Seen[], origin?: Dataset["origin"]) =>
  notesOn(pictures, statisticsOf(pictures, origin));

test("nothing stands out in pictures of one kind", () => {
  expect(notes([seen("a.jpg"), seen("b.jpg"), seen("c.png")])).toEqual([]);
  expect(notes([])).toEqual([]);
});

test("an extension in several spellings", () => {
  const names = ["a.jpg", "b.JPG", "c.jpg", "d.png", "e.Png"];
  expect(notes(names.map((name) => seen(name))).map(({ message }) => message)).toEqual([
    "one file extension is spelled in several ways: .jpg 2, .JPG 1",
    "one file extension is spelled in several ways: .png 1, .Png 1",
  ]);
});

test("rare colours by their files, common ones not", () => {
  const gray = { colours: { space: "grey", bits: 8, alpha: false } };
  const alpha = { colours: { space: "rgb", bits: 16, alpha: true } };
  const many = Array.from({ length: 20 }, (_, i) => seen(`${i}.png`));
  const some = Array.from({ length: 9 }, (_, i) => seen(`gray${i}.png`, [], gray));
  expect(notes([...many, ...some, seen("x.png", [], alpha)])).toEqual([
    { message: "1 of 30 pictures are 16-bit rgb with alpha", files: ["x.png"] },
  ]);
});

describe("what corners count from", () => {
  const boxes = [truth([1, 1, 20, 20]), truth([1, 8, 20, 20]), truth([40, 1.004, 60, 20])];

  test("a format that counts from 1 says so", () => {
    expect(notes([seen("a.jpg", boxes)], 1)).toEqual([
      {
        message:
          "corners count pixels from 1, as the format has it (the smallest are 2 and 2); they are read as 0-based",
      },
    ]);
  });

  test("data read as 0-based that never begin below 1, but often there", () => {
    expect(notes([seen("a.jpg", boxes)])).toEqual([
      { message: expect.stringMatching(/^corners look as if .* 3 boxes begin there/) },
    ]);
  });

  test("is no guess from a box at 0, or from a few at 1", () => {
    expect(notes([seen("a.jpg", [...boxes, truth([0, 9, 20, 20])])])).toEqual([]);
    expect(notes([seen("a.jpg", boxes.slice(0, 2))])).toEqual([]);
    expect(
      notes([
        seen(
          "a.jpg",
          boxes.map(({ box: [, y, x2, y2] }) => truth([4, y, x2, y2])),
        ),
      ]),
    ).toEqual([]);
  });
});
