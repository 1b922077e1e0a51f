import { expect, test } from "vitest";
import { backbonePrefixes } from "../../lib/models/build.js";
import type { TrainEvent } from "../../lib/train/events.js";
import { train } from "../../lib/train/run.js";
import { digests, ownCache, shapes, smallDetector } from "../support/small.js";

test("the freeze phase leaves the backbone as it is to the bit, and trains the rest", async () => {
  ownCache();
  const student = smallDetector();
  const before = digests(student);
  const [prefix] = backbonePrefixes(student.preset);
  const body = Object.keys(before).filter((name) => name.startsWith(prefix!));
  const heads = Object.keys(before).filter((name) => !name.startsWith(prefix!));
  expect(body.some((name) => name.endsWith("running_var"))).toBe(true);
  expect(heads.length).toBe(8);
  const moved = (names: string[], now: Record<string, string>) =>
    names.filter((name) => now[name] !== before[name]);

  const snapshots: Record<string, string>[] = [];
  const phases: string[] = [];
  const rates: number[] = [];
  const onEvent = (event: TrainEvent) => {
    if (event.kind === "phase") phases.push(`${event.name} ${event.from}-${event.to}`);
    if (event.kind === "epoch") {
      snapshots.push(digests(student));
      rates.push(event.lr);
    }
  };
  await train(student, {
    data: shapes(),
    epochs: 3,
    batch: 2,
    threads: 1,
    freeze: { epochs: 2, lr: 0.02 },
    optimizer: { lr: 0.003 },
    schedule: { name: "constant", warmup: 0 },
    onEvent,
  }).done;

  expect(phases).toEqual(["freeze 1-2", "train 3-3"]);
  expect(rates).toEqual([0.02, 0.02, 0.003]);
  for (const frozen of snapshots.slice(0, 2)) {
    expect(moved(body, frozen)).toEqual([]);
    expect(moved(heads, frozen)).toEqual(heads);
  }
  // Then everything trains, the statistics among it.
  expect(moved(body, snapshots[2]!)).toEqual(body);
});
