import { stemOf } from "./folders.js";
import { pathInside } from "./inside.js";
import type { ResolvedPictureOptions } from "./picture-options.js";
import { orUnusable, Unusable } from "./reader.js";
import { type ToldSize, toldSize } from "./told-size.js";
import { type Annotation, readAnnotation } from "./voc-annotation.js";
import type { VocLayout } from "./voc-layout.js";

/** One picture's files, read; the boxes not checked yet. */
export interface VocEntry extends ToldSize {
  id: string;
  /** The picture. */
  image: string;
  /** The annotation. */
  file: string;
  annotation: Annotation;
}

/** Reads one picture's annotation; what makes it unusable is returned, for its turn to be told. */
export function loadEntry(
  layout: VocLayout,
  name: string,
  picture: ResolvedPictureOptions,
): Promise<VocEntry | Unusable> {
  return orUnusable(() => load(layout, name, picture));
}

async function load(
  layout: VocLayout,
  name: string,
  picture: ResolvedPictureOptions,
): Promise<VocEntry> {
  const file = layout.annotationOf.get(name);
  if (file === undefined) throw noAnnotation(layout, name);
  const annotation = await readAnnotation(file);
  const { filename, size, objects } = annotation;
  // The file's own name first: <filename> is often what it was called before it was renamed.
  const image = layout.pictureOf.get(name) ?? layout.pictureOf.get(stemOf(filename));
  if (image === undefined) throw noPicture(layout, name, file, filename);
  const boxes = objects.map(({ box }) => box);
  return {
    id: name,
    image,
    file,
    annotation,
    ...(await toldSize(size, boxes, image, file, picture)),
  };
}

function noAnnotation({ annotations, setFile = annotations }: VocLayout, name: string): Unusable {
  const expected = `${name}.xml`;
  if (pathInside(annotations, expected) === undefined) {
    const message = `expected names in ${annotations}, got ${JSON.stringify(name)}, which leads out of it`;
    return new Unusable("outside-folder", setFile, message);
  }
  const message = "expected an annotation, got no such file";
  return new Unusable("missing-annotation", `${annotations}/${expected}`, message);
}

function noPicture(
  { pictures }: VocLayout,
  name: string,
  file: string,
  filename: string,
): Unusable {
  if (filename !== "" && pathInside(pictures, filename) === undefined) {
    const message = `expected a <filename> in ${pictures}, got ${JSON.stringify(filename)}, which leads out of it`;
    return new Unusable("outside-folder", file, message);
  }
  const message = `expected a picture ${name}.jpg (.jpeg, .png, …) in ${pictures}, got none`;
  return new Unusable("missing-picture", file, message);
}
