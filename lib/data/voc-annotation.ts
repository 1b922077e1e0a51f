import { XMLParser } from "fast-xml-parser";
import { reason } from "../errors.js";
import type { Box } from "./dataset.js";
import { numberOf, Unusable, type WrittenObject } from "./reader.js";
import { readText } from "./text.js";

/** What a VOC annotation file says. */
export interface Annotation {
  /** Name of the picture file as the annotation has it; often out of date. */
  filename: string;
  /** Size of the picture in pixels; undefined when it is missing or not positive. */
  size: { width: number; height: number } | undefined;
  objects: WrittenObject[];
}

/** Reads and parses an annotation file. @throws Unusable "broken-annotation" */
export async function readAnnotation(file: string): Promise<Annotation> {
  const text = await readText(file).catch((error) => {
    throw new Unusable("broken-annotation", file, `expected UTF-8 text, got: ${reason(error)}`);
  });
  return parseAnnotation(text, file);
}

type Node = Record<string, unknown>;

// Entities stay off: a file from anywhere must not expand into gigabytes or fetch other files.
const parser = new XMLParser({
  processEntities: false,
  parseTagValue: false,
  isArray: (name) => name === "object",
});

/**
 * Parses the text of an annotation.
 *
 * @param file For messages.
 * @throws Unusable "broken-annotation"
 */
export function parseAnnotation(text: string, file: string): Annotation {
  const broken = (message: string, object?: number) =>
    new Unusable("broken-annotation", file, message, object);
  if (/<!DOCTYPE/i.test(text)) {
    throw broken("expected XML without a document type, got one with <!DOCTYPE");
  }
  let root: Node;
  try {
    root = parser.parse(text, true) as Node;
  } catch (error) {
    throw broken(`expected well-formed XML, got: ${reason(error)}`);
  }
  // An <annotation/> without content is parsed as an empty string.
  const annotation = root.annotation === "" ? {} : root.annotation;
  if (!isNode(annotation)) {
    const came = Object.keys(root).find((name) => !name.startsWith("?")) ?? "nothing";
    throw broken(`expected one element <annotation> on top, got <${came}>`);
  }
  const objects = (annotation.object ?? []) as unknown[];
  return {
    filename: textOf(annotation.filename),
    size: sizeOf(annotation.size),
    objects: objects.map((object, index) => objectOf(object, (message) => broken(message, index))),
  };
}

function sizeOf(size: unknown): Annotation["size"] {
  if (!isNode(size)) return undefined;
  const [width, height] = [numberOf(size.width), numberOf(size.height)];
  return width > 0 && height > 0 ? { width, height } : undefined;
}

const corners = ["xmin", "ymin", "xmax", "ymax"] as const;

function objectOf(object: unknown, broken: (message: string) => Unusable): WrittenObject {
  const name = isNode(object) ? textOf(object.name) : "";
  if (!isNode(object) || name === "") throw broken("expected a <name>, got none");
  const box = object.bndbox;
  if (!isNode(box)) throw broken(`expected one <bndbox> of "${name}", got none or several`);
  const missing = corners.find((corner) => box[corner] === undefined);
  if (missing !== undefined)
    throw broken(`expected <${missing}> in the <bndbox> of "${name}", got none`);
  return {
    name,
    // VOC counts pixels from 1.
    box: corners.map((corner) => numberOf(box[corner]) - 1) as Box,
    difficult: numberOf(object.difficult) === 1,
    written: corners.map((corner) => `${corner} ${textOf(box[corner])}`).join(", "),
  };
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const entities: Record<string, string> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

/**
 * An element's text with the five entities that XML itself knows, and characters by their numbers;
 * nothing for anything else. What is not known stays as written. Never longer than it was.
 */
function textOf(value: unknown): string {
  if (typeof value !== "string") return "";
  return value
    .trim()
    .replace(/&(?:(lt|gt|amp|quot|apos)|#([0-9]{1,7})|#x([0-9a-fA-F]{1,6}));/g, unescaped);
}

function unescaped(written: string, name?: string, decimal?: string, hex?: string): string {
  if (name !== undefined) return entities[name]!;
  const code = decimal === undefined ? Number.parseInt(hex!, 16) : Number(decimal);
  const surrogate = code >= 0xd800 && code <= 0xdfff;
  return code === 0 || surrogate || code > 0x10ffff ? written : String.fromCodePoint(code);
}
