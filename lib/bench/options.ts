import { z } from "zod";

const count = z.int().positive();

/** Options of {@link runBench}, and the flags of `ssd-distill bench`. */
export const benchOptions = z.strictObject({
  data: z
    .string()
    .min(1)
    .optional()
    .describe("pictures to work on, for example voc:DIR:SET; made up unless given"),
  pictures: count.default(256).describe("how many of them"),
  threads: z
    .tuple([count], count)
    .default([1, 2])
    .describe("threads of ours, separated by commas; the first number is the peer's too"),
  size: count.default(300).describe("side of a training picture"),
  batch: count.default(32).describe("pictures of a batch"),
  seconds: z.number().positive().max(600).default(2).describe("length of a measurement"),
  rounds: count.default(5).describe("how often ours and the peers are measured in turn"),
});

export type BenchOptions = z.input<typeof benchOptions>;
export type ResolvedBenchOptions = z.output<typeof benchOptions>;
