import { type Command, Option } from "commander";
import type { z } from "zod";
import { shapeOf } from "../options.js";

// Flags made from an options schema, so that an option's name, default and help stand once.

/** One option of a schema as a flag. */
interface Flag {
  /** Where it belongs in the options object. */
  path: string[];
  option: Option;
  /** It asks for a group of options, with their defaults. */
  group: boolean;
}

/**
 * Adds a flag for every plain option of a schema: numbers, strings, choices, switches, lists. An
 * option is named by its key, or by `flag` in its metadata; `--no-NAME` turns off a switch that is
 * on by default. A group of options that is off by default, and has a `flag` of its own, is turned on
 * by that flag or by any flag in it.
 *
 * @returns What reads the parsed flags back into an options object; flags not given are left out.
 */
export function addFlags(
  command: Command,
  schema: z.ZodType,
  skip: readonly string[] = [],
): (values: Record<string, unknown>) => Record<string, unknown> {
  const flags = collect(schema, [], new Set(skip));
  for (const { option } of flags) command.addOption(option);
  return (values) => {
    const out: Record<string, unknown> = {};
    for (const { path, option, group } of flags) {
      const value = values[option.attributeName()];
      if (value === undefined || (option.negate && value === true)) continue;
      put(out, path, group ? {} : value);
    }
    return out;
  };
}

function collect(schema: z.ZodType, path: string[], skip: ReadonlySet<string>): Flag[] {
  return Object.entries(shapeOf(schema) ?? {}).flatMap(([key, inner]) => {
    const here = [...path, key];
    if (skip.has(here.join("."))) return [];
    const group = shapeOf(inner) !== undefined;
    const option = flagOf(key, inner);
    const own = option === undefined ? [] : [{ path: here, option, group }];
    return group ? [...own, ...collect(inner, here, skip)] : own;
  });
}

function flagOf(key: string, schema: z.ZodType): Option | undefined {
  const { type, choices, start } = kindOf(schema);
  const meta = (schema.meta() ?? {}) as { flag?: string; description?: string };
  const name = meta.flag ?? key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const described = (text: string) => `${meta.description ?? ""}${text}`;
  const from = start === undefined ? "" : ` (default ${JSON.stringify(start)})`;
  switch (type) {
    case "boolean":
      return start === true
        ? new Option(`--no-${name}`, described(""))
        : new Option(`--${name}`, described(""));
    case "number":
    case "int":
      return new Option(`--${name} <number>`, described(from)).argParser(toNumber);
    case "string":
      return new Option(`--${name} <text>`, described(from));
    case "enum":
      return new Option(`--${name} <${choices.join("|")}>`, described(from));
    case "union":
      // A number, or a word in its place.
      return new Option(`--${name} <number|${choices.join("|")}>`, described(from)).argParser(
        toNumber,
      );
    case "tuple":
      return new Option(`--${name} <numbers>`, described(from)).argParser((text) =>
        text.split(",").map(toNumber),
      );
    case "object":
      return meta.flag === undefined ? undefined : new Option(`--${name}`, described(""));
    default:
      return undefined;
  }
}

/** What a number cannot be read from stays text, and the schema says what was expected. */
function toNumber(text: string): number | string {
  return text.trim() === "" || Number.isNaN(Number(text)) ? text : Number(text);
}

function kindOf(schema: z.ZodType): { type: string; choices: string[]; start: unknown } {
  let at = schema as z.ZodType & { def: Record<string, unknown>; options?: unknown[] };
  let start: unknown;
  while (at.def.innerType !== undefined) {
    start ??= at.def.defaultValue;
    at = at.def.innerType as typeof at;
  }
  const members = at.def.type === "union" ? (at.options as z.ZodLiteral[]) : [];
  const words = members.flatMap((member) => [...(member.values ?? [])].map(String));
  const choices = at.def.type === "enum" ? (at.options ?? []).map(String) : words;
  return { type: String(at.def.type), choices, start };
}

function put(out: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [key, ...rest] = path as [string, ...string[]];
  if (rest.length === 0) {
    out[key] = value;
    return;
  }
  out[key] ??= {};
  put(out[key] as Record<string, unknown>, rest, value);
}

/** The names in a text, separated by commas. */
export function listOf(text: string): string[] {
  return text.split(",").map((name) => name.trim());
}
