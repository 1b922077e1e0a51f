import { z } from "zod";
import { stepShape } from "../train/options.js";

const count = z.int().positive();

/** Options of {@link runBench}, and the flags of `ssd-distill bench`. */
export const benchOptions = z.strictObject({
  data: z
    .string()
    .min(1)
    .optional()
    .describe("pictures for pack and loader, for example voc:DIR:SET; made up unless given"),
  pictures: count.default(256).describe("how many of them"),
  threads: z
    .tuple([count], count)
    .default([1, 2])
    .describe(
      "threads, separated by commas: of our loader in turn, the first its peer's too; kernels and steps, ours and theirs, have the last",
    ),
  size: count.default(300).describe("side of the loader's pictures"),
  batch: count.default(32).describe("pictures of a batch"),
  seconds: z.number().positive().max(600).default(2).describe("length of a measurement"),
  rounds: count.default(5).describe("how often ours and the peers are measured in turn"),
  model: z.string().default("ssd300-mobilenetv2").describe("preset whose step is measured"),
  teacher: z.string().optional().describe("preset that teaches it; its own unless given"),
  precision: stepShape.precision,
  graph: stepShape.graph,
  device: z.string().default("cpu").describe("where kernels and steps run: cpu, cuda or cuda:N"),
  compile: z
    .boolean()
    .default(false)
    .describe("beside torch.compile too, which takes minutes to compile"),
});

export type BenchOptions = z.input<typeof benchOptions>;
export type ResolvedBenchOptions = z.output<typeof benchOptions>;
