import { expect, test } from "vitest";
import { readCompared } from "../../../lib/data/compared.js";
import type { DataSource, Dataset, ReadOptions } from "../../../lib/data/dataset.js";
import { SsdError } from "../../../lib/errors.js";

const dataset = (spec: string): Dataset => ({ spec, classes: [], items: [], problems: [] });

function source(spec: string, asked: (options?: ReadOptions) => void = () => {}): DataSource {
  return {
    spec,
    read: async (options) => {
      asked(options);
      return dataset(spec);
    },
  };
}

const missing: DataSource = {
  spec: "missing",
  read: async () => {
    throw new SsdError("BAD_DATA", "no such set");
  },
};

const specs = (parts: readonly { spec: string }[]) => parts.map(({ spec }) => spec);

test("the source's own sets and those asked for; the set itself is not read again", async () => {
  const asked: unknown[] = [];
  const read = (spec: string) => source(spec, (options) => asked.push([spec, options]));
  const own = { ...source("train"), splits: async () => [read("train"), read("val")] };
  const data = dataset("train");
  const options = { splits: true, against: [read("more")], limit: 7 };
  const { splits, others, notes } = await readCompared(own, data, options);
  expect([specs(splits), specs(others), notes]).toEqual([["train", "val"], ["more"], []]);
  expect(splits[0]).toBe(data);
  const collected = { onProblem: "collect", limit: 7 };
  expect(asked).toEqual([
    ["val", collected],
    ["more", collected],
  ]);
});

test("no sets without the wish, or of a source that knows none", async () => {
  const own = { ...source("a"), splits: async () => [missing] };
  const alone = { splits: false, against: [] };
  const nothing = { splits: [], others: [], notes: [] };
  expect(await readCompared(own, dataset("a"), alone)).toEqual(nothing);
  const splits = { splits: true, against: [] };
  expect(await readCompared(source("a"), dataset("a"), splits)).toEqual(nothing);
});

test("a set of its own that is not there is noted, one asked for is an error", async () => {
  const own = { ...source("a"), splits: async () => [source("a"), missing] };
  const { splits, notes } = await readCompared(own, dataset("a"), { splits: true, against: [] });
  expect(specs(splits)).toEqual(["a"]);
  expect(notes).toEqual([{ message: "not compared with missing: no such set" }]);
  await expect(
    readCompared(source("a"), dataset("a"), { splits: true, against: [missing] }),
  ).rejects.toMatchObject({ code: "BAD_DATA" });
});
