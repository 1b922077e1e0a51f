import { existsSync } from "node:fs";
import { SsdError, suggestion } from "../errors.js";
import { coco } from "./coco.js";
import type { DataSource } from "./dataset.js";
import { forms, specForms } from "./spec-forms.js";
import { type SyntheticOptions, synthetic } from "./synthetic.js";
import { voc } from "./voc.js";
import { type YoloOptions, yolo } from "./yolo.js";

type Scheme = keyof typeof forms;

/** What makes a source of the text after the scheme's colon. */
const makers: Record<Scheme, (rest: string) => DataSource> = {
  voc: (rest) => withSet(rest, voc),
  coco: cocoSource,
  // The set is checked where it is used.
  yolo: (rest) => withSet(rest, (file, options) => yolo(file, options as YoloOptions)),
  synthetic: shapes,
};

/**
 * The data source of a specification in the command line's form.
 *
 * - `voc:DIR[:SET]`: see {@link voc}. A colon in DIR is no harm when DIR is there.
 * - `coco:IMAGES,JSON[?origin=1]`: see {@link coco}. Of several commas the one with files on both sides counts.
 * - `yolo:FILE.yaml[:SET]`: see {@link yolo}.
 * - `synthetic:shapes[?images=200&seed=1&size=160&set=train]`: see {@link synthetic}.
 *
 * @throws SsdError BAD_OPTION when it has none of these forms
 */
export function parseSource(spec: string): DataSource {
  const colon = spec.indexOf(":");
  const name = colon < 0 ? spec : spec.slice(0, colon);
  const scheme = Object.hasOwn(forms, name) ? (name as Scheme) : undefined;
  const rest = colon < 0 ? "" : spec.slice(colon + 1);
  if (scheme !== undefined && rest !== "") return makers[scheme](rest);
  const near = scheme === undefined ? nearTo(spec, name) : "";
  throw unlike(scheme === undefined ? `one of ${specForms}` : forms[scheme], spec, near);
}

function unlike(expected: string, spec: string, near = ""): SsdError {
  const message = `data: expected ${expected}, got ${JSON.stringify(spec)}${near}`;
  return new SsdError("BAD_OPTION", message);
}

function nearTo(spec: string, name: string): string {
  // A folder given bare, as other tools take it.
  if (spec !== "" && existsSync(spec)) {
    return `; did you mean "${/\.ya?ml$/i.test(spec) ? "yolo" : "voc"}:${spec}"?`;
  }
  return spec === name ? "" : suggestion(name, Object.keys(forms));
}

function withSet(
  rest: string,
  make: (path: string, options?: { set: string }) => DataSource,
): DataSource {
  const colon = rest.lastIndexOf(":");
  const set = rest.slice(colon + 1);
  // What follows a colon inside a path is no set.
  if (colon <= 0 || set === "" || set.includes("/") || existsSync(rest)) return make(rest);
  return make(rest.slice(0, colon), { set });
}

function cocoSource(rest: string): DataSource {
  // A question mark in a name that is there is no beginning of options.
  const whole = halvesOf(rest).find((paths) => paths.every((path) => existsSync(path)));
  if (whole !== undefined) return coco(...whole);
  const { text, options } = withOptions(rest, ["origin"]);
  const pairs = halvesOf(text);
  const paths = pairs.find((pair) => pair.every((path) => existsSync(path))) ?? pairs[0];
  if (paths === undefined) throw unlike(forms.coco, `coco:${rest}`);
  return coco(...paths, options);
}

/** What stands on both sides of each comma, where something does. */
function halvesOf(text: string): [string, string][] {
  return [...text.matchAll(/,/g)]
    .map(({ index }): [string, string] => [text.slice(0, index), text.slice(index + 1)])
    .filter(([before, after]) => before !== "" && after !== "");
}

function shapes(rest: string): DataSource {
  const { text, options } = withOptions(rest, ["images", "seed", "size"]);
  return synthetic(text as "shapes", options as SyntheticOptions);
}

/** Takes apart `text?key=value&…`; the numeric ones among the options become numbers where they are. */
function withOptions(
  rest: string,
  numeric: readonly string[],
): { text: string; options: Record<string, string | number> } {
  const mark = rest.lastIndexOf("?");
  const query = new URLSearchParams(mark < 0 ? "" : rest.slice(mark + 1));
  const options = [...query].map(([key, value]) => {
    const isNumber = numeric.includes(key) && value.trim() !== "" && Number.isFinite(Number(value));
    return [key, isNumber ? Number(value) : value] as const;
  });
  return { text: mark < 0 ? rest : rest.slice(0, mark), options: Object.fromEntries(options) };
}
