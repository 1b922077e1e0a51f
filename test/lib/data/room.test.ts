import { expect, test } from "vitest";
import { Room } from "../../../lib/data/room.js";

test("a room has the bytes that are asked for, in the same memory as long as it is enough", () => {
  const room = new Room();
  const first = room.for(100);
  expect(first).toHaveLength(100);
  const second = room.for(40);
  expect(second).toHaveLength(40);
  expect([second.buffer, second.byteOffset]).toEqual([first.buffer, first.byteOffset]);
  const third = room.for(101);
  expect(third).toHaveLength(101);
  expect(third.buffer).not.toBe(first.buffer);
  expect(room.for(0)).toHaveLength(0);
});
