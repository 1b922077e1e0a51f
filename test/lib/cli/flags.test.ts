import { Command } from "commander";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { addFlags } from "../../../lib/cli/flags.js";
import { kdOptions, parseOptions } from "../../../lib/options.js";
import { trainOptions } from "../../../lib/train/options.js";
import { failure } from "../../support/small.js";

const schema = z.strictObject({
  depth: z.int().default(3).describe("how deep"),
  batchSize: z.number().optional(),
  fast: z.boolean().default(false).describe("hurry"),
  mirror: z.boolean().default(true),
  mode: z.enum(["one", "two"]).default("one"),
  pair: z.tuple([z.number(), z.number()]).optional(),
  name: z.string().optional(),
  count: z.union([z.int(), z.literal("all")]).default(7),
  inner: z
    .strictObject({
      rate: z.number().default(0.5).meta({ flag: "inner-rate" }),
      deep: z.strictObject({ leaf: z.string().optional() }).optional(),
    })
    .prefault({}),
  extra: z
    .strictObject({ share: z.number().default(0.1).meta({ flag: "extra-share" }) })
    .optional()
    .meta({ flag: "extra", description: "more of it" }),
  listener: z.custom<() => void>().optional(),
});

/** A command with flags of a schema, silent, and what reads them. */
function commandOf(options: z.ZodType = schema, skip: string[] = []) {
  const command = new Command().exitOverride().configureOutput({ writeErr: () => {} });
  const read = addFlags(command, options, skip);
  return { command, read };
}

function parse(words: string, options?: z.ZodType, skip?: string[]): Record<string, unknown> {
  const { command, read } = commandOf(options, skip);
  return read(command.parse(words.split(" ").filter(Boolean), { from: "user" }).opts());
}

describe("flags of a schema", () => {
  test("nothing given is nothing said: the schema has the defaults", () => {
    expect(parse("")).toEqual({});
  });

  const cases: [string, object][] = [
    ["--depth 5", { depth: 5 }],
    ["--depth -1", { depth: -1 }],
    ["--batch-size 2.5", { batchSize: 2.5 }],
    ["--fast", { fast: true }],
    ["--no-mirror", { mirror: false }],
    ["--mode two", { mode: "two" }],
    ["--pair 0.9,0.99", { pair: [0.9, 0.99] }],
    ["--name x", { name: "x" }],
    ["--count 12", { count: 12 }],
    ["--count all", { count: "all" }],
    ["--inner-rate 1e-3", { inner: { rate: 1e-3 } }],
    ["--extra", { extra: {} }],
    ["--extra-share 0.5", { extra: { share: 0.5 } }],
    ["--extra-share 0.5 --extra", { extra: { share: 0.5 } }],
    ["--leaf green --inner-rate 1", { inner: { deep: { leaf: "green" }, rate: 1 } }],
  ];
  test.each(cases)("%s", (words, expected) => {
    expect(parse(words)).toEqual(expected);
    expect(() => parseOptions(schema, parse(words), "test")).not.toThrow();
  });

  test("what is no number stays as it was written, for the schema to refuse", () => {
    expect(parse("--depth five --pair 1,x")).toEqual({ depth: "five", pair: [1, "x"] });
    expect(() => parseOptions(schema, parse("--depth five"), "test")).toThrow(
      failure("BAD_OPTION", '"depth"', 'got "five"'),
    );
    expect(() => parseOptions(schema, parse("--mode three"), "test")).toThrow(
      failure("BAD_OPTION", '"mode"', 'got "three"'),
    );
  });

  test("help tells meaning, choices and default", () => {
    const help = commandOf().command.helpInformation();
    expect(help).toMatch(/--depth <number> +how deep \(default 3\)/);
    expect(help).toMatch(/--mode <one\|two> +\(default "one"\)/);
    expect(help).toMatch(/--fast +hurry$/m);
    expect(help).toMatch(/--extra +more of it$/m);
    // Groups that are always on need no switch.
    expect(help).not.toMatch(/--(inner|deep) /);
    // What no text can say has no flag.
    expect(help).not.toContain("listener");
  });

  test("what is skipped, or the other way round, is no flag", () => {
    expect(() => parse("--depth 5", schema, ["depth"])).toThrow("unknown option '--depth'");
    expect(() => parse("--leaf x", schema, ["inner"])).toThrow("unknown option");
    expect(() => parse("--mirror")).toThrow("unknown option '--mirror'");
  });
});

describe("flags of training", () => {
  const skip = ["data", "val", "signal", "onEvent", "distill"];

  test("reach options wherever they stand", () => {
    const words =
      "--epochs 3 --lr 0.1 --optimizer sgd --schedule step --gamma 0.92 --freeze-epochs 1 --freeze-lr 0.2 " +
      "--no-mirror --betas 0.8,0.9 --overlap-threshold 0.4 --out runs/x --resume --min-score 0.2 --ema-decay 0.99";
    expect(parse(words, trainOptions, skip)).toEqual({
      epochs: 3,
      optimizer: { lr: 0.1, name: "sgd", betas: [0.8, 0.9] },
      schedule: { name: "step", gamma: 0.92 },
      freeze: { epochs: 1, lr: 0.2 },
      augment: { mirror: false },
      loss: { overlapThreshold: 0.4 },
      out: "runs/x",
      resume: true,
      detect: { minScore: 0.2 },
      ema: { decay: 0.99 },
    });
    expect(parse("--temperature 2 --soft kl", kdOptions)).toEqual({ temperature: 2, soft: "kl" });
  });

  test("have names of their own, all of them with a help text", () => {
    const { command } = commandOf(trainOptions, skip);
    addFlags(command, kdOptions);
    const names = command.options.map(({ long }) => long);
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThan(40);
    for (const { long, description } of command.options) expect(description, long).not.toBe("");
  });
});
