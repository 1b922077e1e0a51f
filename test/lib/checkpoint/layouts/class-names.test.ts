import { expect, test } from "vitest";
import { defaultClasses } from "../../../../lib/checkpoint/layouts/class-names.js";

test("names are as many as asked for, and all different", () => {
  for (const count of [1, 3, 20, 79, 80, 81, 90, 91]) {
    const names = defaultClasses(count);
    expect(names).toHaveLength(count);
    expect(new Set(names).size).toBe(count);
    expect(names).not.toContain("");
  }
});

test("VOC's are by name; COCO's 90 are by id, its 80 the same without the unused", () => {
  expect(defaultClasses(20)).toEqual([...defaultClasses(20)].sort());
  expect(defaultClasses(20)[14]).toBe("person");
  const ids = defaultClasses(90);
  const at = { person: 1, "stop sign": 13, backpack: 27, tv: 72, book: 84, toothbrush: 90 };
  for (const [name, id] of Object.entries(at)) expect(ids[id - 1]).toBe(name);
  expect(ids[11]).toBe("unused 12");
  expect(defaultClasses(80)).toEqual(ids.filter((name) => !name.startsWith("unused")));
});

test("any other number gets numbers", () => {
  expect(defaultClasses(2)).toEqual(["class 1", "class 2"]);
});
