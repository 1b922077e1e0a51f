import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import sharp from "sharp";

/** An object of an annotation: class, corners as VOC writes them (1-based), difficult. */
export interface VocObject {
  name: string;
  box: readonly (number | string)[];
  difficult?: number;
}

/** Text of a VOC annotation; without `size` it tells none. */
export function vocXml(objects: readonly VocObject[], size?: readonly number[]): string {
  const tell = size ? `<size><width>${size[0]}</width><height>${size[1]}</height></size>` : "";
  const parts = objects.map(({ name, box, difficult = 0 }) => {
    const corners = ["xmin", "ymin", "xmax", "ymax"].map((key, i) => `<${key}>${box[i]}</${key}>`);
    return `<object><name>${name}</name><difficult>${difficult}</difficult><bndbox>${corners.join("")}</bndbox></object>`;
  });
  return `<annotation>${tell}${parts.join("")}</annotation>`;
}

/**
 * A picture of `width` by `height` whose pixels all differ; the format follows the extension. Pictures of
 * different names differ.
 */
export async function picture(file: string, width = 40, height = 30): Promise<Buffer> {
  const raw = { width, height, channels: 3 as const };
  const start = hash(file) % 251;
  const pixels = Uint8Array.from({ length: width * height * 3 }, (_, i) => (start + i * 37) % 251);
  const image = sharp(pixels, { raw });
  return await (/png$/i.test(file) ? image.png() : image.jpeg()).toBuffer();
}

function hash(text: string): number {
  let value = 0;
  for (const letter of text) value = (Math.imul(value, 31) + letter.codePointAt(0)!) >>> 0;
  return value;
}

/** Writes files below a folder; a text or bytes each. */
export async function writeFiles(
  folder: string,
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<string> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  return folder;
}

/** A picture's objects, or the text of its annotation. */
export type VocContent = readonly VocObject[] | string;

function xmlOf(content: VocContent): string {
  return typeof content === "string" ? content : vocXml(content, [40, 30]);
}

/** Writes a devkit of pictures of 40x30 and the sets that are given as texts of their files. */
export async function writeDevkit(
  folder: string,
  content: Readonly<Record<string, VocContent>>,
  sets: Readonly<Record<string, string>> = {},
): Promise<string> {
  const files: Record<string, string | Uint8Array> = {};
  for (const [name, objects] of Object.entries(content)) {
    files[`JPEGImages/${name}.jpg`] = await picture(`${name}.jpg`);
    files[`Annotations/${name}.xml`] = xmlOf(objects);
  }
  for (const [name, text] of Object.entries(sets)) files[`ImageSets/Main/${name}.txt`] = text;
  return await writeFiles(folder, files);
}

/** Writes pictures of 40x30 with the XML beside them, by the picture's name. */
export async function writeFlat(
  folder: string,
  content: Readonly<Record<string, VocContent>>,
): Promise<string> {
  const files: Record<string, string | Uint8Array> = {};
  for (const [name, objects] of Object.entries(content)) {
    files[name] = await picture(name);
    files[name.replace(/\.[^.]*$/, ".xml")] = xmlOf(objects);
  }
  return await writeFiles(folder, files);
}

/** An object well inside a picture of 40x30. */
export const cat: VocObject = { name: "cat", box: [3, 4, 20, 25] };
export const dog: VocObject = { name: "dog", box: [10, 2, 33, 17] };
