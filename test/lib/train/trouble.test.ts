import { describe, expect, test } from "vitest";
import { SsdError } from "../../../lib/errors.js";
import { trainOptions } from "../../../lib/train/options.js";
import { explain } from "../../../lib/train/trouble.js";
import { failure } from "../../support/small.js";

type Surroundings = Parameters<typeof explain>[1];

function around(batchSize: number, more: object = {}): Surroundings {
  const items = Array.from({ length: 100 }, (_, i) => ({ image: `/data/${i}.jpg` }));
  const options = trainOptions.partial({ data: true }).parse(more);
  return { data: { train: { dataset: { items } } }, batchSize, options } as unknown as Surroundings;
}

function diverged(pictures?: number[]): SsdError {
  return Object.assign(new SsdError("DIVERGED", "expected a finite objective"), { pictures });
}

describe("a step that diverged", () => {
  test("names the files of its pictures, each once", () => {
    const told = explain(diverged([7, 3, 7]), around(3)) as SsdError;
    expect(told).toEqual(failure("DIVERGED", "objective; the pictures were /data/7.jpg, /data/3"));
    expect(told.message.match(/7\.jpg/g)).toHaveLength(1);
    expect(told.cause).toMatchObject({ code: "DIVERGED" });
  });

  test("of many pictures names some", () => {
    const many = Array.from({ length: 50 }, (_, i) => i);
    expect(explain(diverged(many), around(50))).toEqual(
      failure("DIVERGED", "/data/31.jpg and 18 more"),
    );
  });

  test("without pictures stays as it is", () => {
    const error = diverged();
    expect(explain(error, around(2))).toBe(error);
  });
});

describe("memory that was short", () => {
  const short = new SsdError("OUT_OF_MEMORY", "CUDA out of memory");

  test("suggests what needs less", () => {
    const told = explain(short, around(32, { accumulate: 2 }));
    const parts = ["32 pictures", "batch 16 with accumulate 4", 'batch "auto"', "precision bf16"];
    expect(told).toEqual(failure("OUT_OF_MEMORY", "CUDA out of memory", ...parts));
  });

  test("but not what is there already, nor half of one picture", () => {
    const told = explain(short, around(1, { precision: "bf16" })) as SsdError;
    expect(told.message).toBe(
      "CUDA out of memory; 1 pictures were computed at once: try a smaller model",
    );
  });
});

test("all else stays as it is", () => {
  for (const error of [new Error("x"), new SsdError("CANCELLED", "y"), "z", undefined]) {
    expect(explain(error, around(2))).toBe(error);
  }
});
