import { existsSync } from "node:fs";
import { SsdError, suggestion } from "../errors.js";
import type { DataSource } from "./dataset.js";
import { type SyntheticOptions, synthetic } from "./synthetic.js";
import { voc } from "./voc.js";

/** What makes a source of the text after the scheme's colon, and that text's form for messages. */
const schemes: Record<string, { form: string; make: (rest: string) => DataSource }> = {
  voc: { form: "voc:DIR[:SET]", make: vocSource },
  synthetic: { form: "synthetic:shapes[?images=200&seed=1&size=160&set=train]", make: shapes },
};

/**
 * The data source of a specification in the command line's form.
 *
 * - `voc:DIR[:SET]`: see {@link voc}. A colon in DIR is no harm when DIR is there.
 * - `synthetic:shapes[?images=200&seed=1&size=160&set=train]`: see {@link synthetic}.
 *
 * @throws SsdError BAD_OPTION when it has none of these forms
 */
export function parseSource(spec: string): DataSource {
  const colon = spec.indexOf(":");
  const name = colon < 0 ? spec : spec.slice(0, colon);
  const scheme = Object.hasOwn(schemes, name) ? schemes[name]! : undefined;
  const rest = colon < 0 ? "" : spec.slice(colon + 1);
  if (scheme !== undefined && rest !== "") return scheme.make(rest);
  const all = Object.values(schemes).map(({ form }) => form);
  const near = scheme === undefined ? nearTo(spec, name) : "";
  throw new SsdError(
    "BAD_OPTION",
    `data: expected ${scheme?.form ?? all.join(" or ")}, got ${JSON.stringify(spec)}${near}`,
  );
}

function nearTo(spec: string, name: string): string {
  // A folder given bare, as other tools take it.
  if (spec !== "" && existsSync(spec)) return `; did you mean "voc:${spec}"?`;
  return spec === name ? "" : suggestion(name, Object.keys(schemes));
}

function vocSource(rest: string): DataSource {
  const colon = rest.lastIndexOf(":");
  const set = rest.slice(colon + 1);
  // What follows a colon inside a path is no set.
  if (colon <= 0 || set === "" || set.includes("/") || existsSync(rest)) return voc(rest);
  return voc(rest.slice(0, colon), { set });
}

const numeric = new Set(["images", "seed", "size"]);

function shapes(rest: string): DataSource {
  const mark = rest.indexOf("?");
  const name = mark < 0 ? rest : rest.slice(0, mark);
  const query = new URLSearchParams(mark < 0 ? "" : rest.slice(mark + 1));
  const options = [...query].map(([key, value]) => {
    const isNumber = numeric.has(key) && value.trim() !== "" && Number.isFinite(Number(value));
    return [key, isNumber ? Number(value) : value];
  });
  return synthetic(name as "shapes", Object.fromEntries(options) as SyntheticOptions);
}
