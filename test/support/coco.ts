import { join } from "node:path";
import { picture, writeFiles } from "./voc.js";

/** What a file of COCO's form holds; everything may be wrong. */
export interface CocoContent {
  images?: unknown;
  annotations?: unknown;
  categories?: unknown;
  [more: string]: unknown;
}

/** Two classes and two pictures of 40x30, whose ids are neither in order nor beside each other. */
export const cats: Required<Pick<CocoContent, "images" | "categories">> & CocoContent = {
  categories: [
    { id: 90, name: "dog" },
    { id: 7, name: "cat" },
  ],
  images: [
    { id: 500, file_name: "b.jpg", width: 40, height: 30 },
    { id: 3, file_name: "sub/a.jpg", width: 40, height: 30 },
  ],
};

/** Writes `images/` with pictures of 40x30 and `instances.json`; returns both paths. */
export async function writeCoco(
  folder: string,
  content: CocoContent | string | Uint8Array,
  pictures: readonly string[] = ["b.jpg", "sub/a.jpg"],
): Promise<[images: string, json: string]> {
  const bytes = await picture("a.jpg");
  const named = pictures.map((name) => [join("images", name), bytes] as const);
  const text =
    typeof content === "string" || content instanceof Uint8Array
      ? content
      : JSON.stringify(content);
  await writeFiles(folder, { ...Object.fromEntries(named), "instances.json": text });
  return [join(folder, "images"), join(folder, "instances.json")];
}
