import { z } from "zod";
import { SsdError, suggestion } from "./errors.js";

/**
 * Checks `input` against a schema, fills in the defaults, and throws one sentence when it does not hold:
 * which option, what was expected, what came, and for an unknown key the nearest known one.
 *
 * @param what Name of the object for the message, for example `train options`.
 * @throws SsdError BAD_OPTION
 */
export function parseOptions<S extends z.ZodType>(
  schema: S,
  input: unknown,
  what: string,
): z.output<S> {
  const result = schema.safeParse(input ?? {});
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  throw new SsdError("BAD_OPTION", sentence(schema, input, issue, what));
}

function sentence(
  schema: z.ZodType,
  input: unknown,
  issue: z.core.$ZodIssue,
  what: string,
): string {
  const path = issue.path.map(String);
  if (issue.code === "unrecognized_keys") {
    const key = issue.keys[0]!;
    const known = keysAt(schema, path);
    const where = [...path, key].join(".");
    return `${what}: unknown option "${where}"${suggestion(key, known)} (known: ${known.join(", ")})`;
  }
  const came = path.reduce<unknown>(
    (value, key) => (value as Record<string, unknown>)?.[key],
    input,
  );
  const where = path.length === 0 ? what : `${what}: option "${path.join(".")}"`;
  const near =
    issue.code === "invalid_value" && typeof came === "string"
      ? suggestion(came, issue.values.map(String))
      : "";
  return `${where}: ${issue.message.replace(/^(Invalid input|Invalid option|Too small|Too big): /, "")}, got ${show(came)}${near}`;
}

function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "object" && value !== null) return value.constructor?.name ?? "an object";
  return String(value);
}

/** Names of the options that the object at `path` inside `schema` knows. */
function keysAt(schema: z.ZodType, path: readonly string[]): string[] {
  let at: unknown = schema;
  for (const key of path) at = shapeOf(at)?.[key];
  return Object.keys(shapeOf(at) ?? {});
}

/** The shape of an object schema under its defaults and optionals. */
export function shapeOf(schema: unknown): Record<string, z.ZodType> | undefined {
  let at = schema as
    | { shape?: Record<string, z.ZodType>; def?: { innerType?: unknown } }
    | undefined;
  while (at !== undefined && at.shape === undefined && at.def?.innerType !== undefined) {
    at = at.def.innerType as typeof at;
  }
  return at?.shape;
}

const positive = z.number().positive();
const fraction = z.number().min(0).max(1);

const matchShape = {
  overlapThreshold: fraction.default(0.5).describe("IoU from which a prior is positive"),
  negPosRatio: z.number().min(0).default(3).describe("mined negatives per positive"),
  negativesForHard: z
    .int()
    .min(0)
    .default(100)
    .describe("negatives of a picture without positives"),
  variances: z.tuple([positive, positive]).optional().describe("scales of the box offsets"),
  conflict: z.enum(["last", "greedy"]).default("last").describe("who owns a prior two truths want"),
  compat: z
    .enum(["none", "article"])
    .default("none")
    .describe("article: its corner cases of mining"),
};

const kdShape = {
  temperature: positive.default(1).describe("softens both distributions of the soft loss"),
  negWeight: z.number().min(0).default(1.5).describe("soft loss: weight of the background column"),
  posWeight: z.number().min(0).default(1).describe("soft loss: weight of the other columns"),
  margin: z.number().default(0).describe("margin of the teacher-bounded regression"),
  soft: z.enum(["ce", "kl"]).default("ce").describe("weighted cross-entropy or KL divergence"),
  mu: fraction.default(0.7).describe("share of the hard classification loss"),
  nu: z.number().min(0).default(0.5).describe("weight of the teacher-bounded regression"),
};

/** Options of matching, mining and the hard losses (SSD, arXiv 1512.02325; SPEC's defaults). */
export const matchOptions = z.strictObject(matchShape);

/** Options of distillation (Chen et al., NIPS 2017). */
export const kdOptions = z.strictObject(kdShape);

/** All options of the losses in one object, as `ops` takes them. */
export const lossOptions = z.strictObject({ ...matchShape, ...kdShape });

/** Input form of `lossOptions`: every field optional; `variances` is [0.1, 0.2] by default. */
export type LossOptions = z.input<typeof lossOptions>;
export type ResolvedLossOptions = z.output<typeof lossOptions> & { variances: [number, number] };

/** Loss options with the variances of a preset where none are given. */
export function resolveLoss(
  options: z.output<typeof lossOptions>,
  variances: [number, number] = [0.1, 0.2],
): ResolvedLossOptions {
  return { ...options, variances: options.variances ?? variances };
}

/** How raw outputs become detections. */
export const detectOptions = z.strictObject({
  minScore: fraction.default(0.01).describe("lowest score that is kept"),
  iou: fraction
    .default(0.45)
    .describe("IoU over which non-maximum suppression drops the lower score"),
  topK: z
    .int()
    .positive()
    .default(400)
    .describe("candidates of a class that enter the suppression"),
  maxDetections: z.int().positive().default(200).describe("detections kept of a picture"),
  coderClip: z
    .number()
    .nullable()
    .optional()
    .describe("upper bound of ln(side / prior's side); the preset's unless given"),
  fit: z
    .enum(["stretch", "letterbox"])
    .default("stretch")
    .describe("how a picture is brought to the network's square"),
});

/** The same as `ops.detections` takes them, which knows no preset. */
export const detectionsOptions = detectOptions.omit({ fit: true }).extend({
  variances: z
    .tuple([positive, positive])
    .default([0.1, 0.2])
    .describe("scales of the box offsets"),
});

/** Input form of `detectionsOptions`: every field optional; without `coderClip` no bound. */
export type DetectionsOptions = z.input<typeof detectionsOptions>;
export type DetectOptions = z.input<typeof detectOptions>;
/** What the engine needs to find the boxes in raw outputs. */
export type ResolvedDetectOptions = Omit<z.output<typeof detectOptions>, "fit"> & {
  coderClip: number | null;
};

/** Detection options with the bound of a preset's coder where none is given. */
export function resolveDetect(
  options: Omit<z.output<typeof detectOptions>, "fit">,
  coderClip: number | null,
): ResolvedDetectOptions {
  return { ...options, coderClip: options.coderClip === undefined ? coderClip : options.coderClip };
}
