import { reason } from "../errors.js";
import { stemOf } from "./folders.js";
import { fits, type Header, mismatchOf, readHeader, type Size } from "./picture.js";
import { Unusable } from "./reader.js";
import { type Annotation, readAnnotation } from "./voc-annotation.js";
import type { VocLayout } from "./voc-layout.js";

/** One picture's files, read; the boxes not checked yet. */
export interface VocEntry {
  id: string;
  /** The picture. */
  image: string;
  /** The annotation. */
  file: string;
  annotation: Annotation;
  size: Size;
  /** A sentence when the annotation's size was found not to be the picture's. */
  mismatch: string | undefined;
}

/** Reads one picture's annotation; what makes it unusable is returned, for its turn to be told. */
export async function loadEntry(layout: VocLayout, name: string): Promise<VocEntry | Unusable> {
  try {
    return await load(layout, name);
  } catch (error) {
    if (error instanceof Unusable) return error;
    throw error;
  }
}

async function load(layout: VocLayout, name: string): Promise<VocEntry> {
  const file = layout.annotationOf.get(name);
  if (file === undefined) {
    const expected = `${layout.annotations}/${name}.xml`;
    throw new Unusable("missing-annotation", expected, "expected an annotation, got no such file");
  }
  const annotation = await readAnnotation(file);
  // The file's own name first: <filename> is often what it was called before it was renamed.
  const image = layout.pictureOf.get(name) ?? layout.pictureOf.get(stemOf(annotation.filename));
  if (image === undefined) {
    const message = `expected a picture ${name}.jpg (.jpeg, .png) in ${layout.pictures}, got none`;
    throw new Unusable("missing-picture", file, message);
  }
  return { id: name, image, file, annotation, ...(await sizeOf(annotation, image, file)) };
}

/**
 * Size of the picture the boxes were drawn on. The annotation is believed, but not against its own
 * boxes: when one reaches outside, the picture's header decides.
 */
async function sizeOf(
  { size, objects }: Annotation,
  image: string,
  file: string,
): Promise<{ size: Size; mismatch: string | undefined }> {
  const holds = ({ width, height }: Size) =>
    objects.every(({ box }) => !(box[2] > width) && !(box[3] > height));
  if (size !== undefined && holds(size)) return { size, mismatch: undefined };
  let header: Header;
  try {
    header = await readHeader(image);
  } catch (error) {
    // Whoever decodes the picture will say so; the boxes can be placed without it.
    if (size !== undefined) return { size, mismatch: undefined };
    const message = `${file} tells no size, and the picture neither: ${reason(error)}`;
    throw new Unusable("unreadable-picture", image, message);
  }
  if (size === undefined) return { size: header.upright, mismatch: undefined };
  if (fits(size, header)) return { size, mismatch: undefined };
  return { size: header.upright, mismatch: mismatchOf(size, header) };
}
