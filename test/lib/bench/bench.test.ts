import { beforeEach, expect, test, vi } from "vitest";
import { benchNames, runBench } from "../../../lib/bench/bench.js";
import { failure, ownCache } from "../../support/small.js";

const note = () => {};

beforeEach(() => {
  ownCache();
  vi.stubEnv("SSD_DISTILL_PYTHON", "/none/such");
});

test("an unknown row is refused before anything is measured, the nearest is named", async () => {
  await expect(runBench(["loader", "laoder"], {}, { note })).rejects.toEqual(
    failure("BAD_OPTION", 'got "laoder"', 'did you mean "loader"?', benchNames.join(", ")),
  );
  await expect(runBench(["toString"], {}, { note })).rejects.toEqual(failure("BAD_OPTION"));
});

test("a name stands for several rows, each measured once", async () => {
  const names = ["kernels", "nms", "match"];
  const options = { batch: 1, threads: [1] as [number], seconds: 0.001, rounds: 1 };
  const { rows } = await runBench(names, options, { note });
  expect(rows.map(({ name }) => name)).toEqual(["match", "kd", "nms"]);
});

test.each([
  [{ threads: [0] }, '"threads.0"'],
  [{ seconds: -1 }, '"seconds"'],
  [{ bach: 3 }, 'did you mean "batch"?'],
])("%j is refused", async (options, part) => {
  await expect(runBench([], options as never, { note })).rejects.toEqual(
    failure("BAD_OPTION", part),
  );
});

test("a signal ends it", async () => {
  const options = { pictures: 4, batch: 2, size: 32, threads: [1] as [number], seconds: 0.01 };
  const signal = AbortSignal.abort();
  await expect(runBench(["loader"], options, { note, signal })).rejects.toEqual(
    failure("CANCELLED"),
  );
});
