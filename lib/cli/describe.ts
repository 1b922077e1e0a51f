import type { LoadReport } from "../checkpoint/init.js";
import { table } from "./output.js";

interface Row {
  loaded: number;
  missing: number;
  skipped: number;
  why: string;
}

/**
 * A load as lines for people: what was recognised, then a table of the model's parts with what was
 * loaded, skipped (with the first reason) and missing, then what the file holds beside.
 */
export function describeLoad(report: LoadReport): string[] {
  const { file, format, layout, wrapper, loaded, missing, mismatched, unexpected } = report;
  const rows = new Map<string, Row>();
  const row = (name: string): Row => {
    const part = name.split(".")[0]!;
    const found = rows.get(part) ?? { loaded: 0, missing: 0, skipped: 0, why: "" };
    rows.set(part, found);
    return found;
  };
  for (const name of loaded) row(name).loaded += 1;
  for (const name of missing) row(name).missing += 1;
  for (const { name, expected, got } of mismatched) {
    const found = row(name);
    found.skipped += 1;
    found.why ||= `${name}: expected [${expected}], got [${got}]`;
  }
  const under = wrapper === "" ? "" : ` under ${wrapper.replace(/\.$/, "")}`;
  const head = `${describeSource({ file, format, layout })}${under}`;
  return [head, ...partsTable(rows), ...beside(unexpected)];
}

/** What a weight file was recognised as. */
export function describeSource({
  file,
  format,
  layout,
}: Pick<LoadReport, "file" | "format" | "layout">): string {
  const whose = layout === "native" ? "our own names" : `names of ${layout}`;
  return `${file}: ${format}, ${whose}`;
}

/** Names to the left, numbers to the right. */
function partsTable(rows: ReadonlyMap<string, Row>): string[] {
  const line = (part: string, cells: readonly (string | number)[], why: string) => [
    part,
    ...cells.map((cell) => String(cell).padStart(7)),
    why,
  ];
  const lines = [...rows].map(([part, { loaded, skipped, missing, why }]) =>
    line(part, [loaded, skipped, missing], why),
  );
  const text = table([line("part", ["loaded", "skipped", "missing"], ""), ...lines]);
  return text.split("\n").map((row) => `  ${row}`.trimEnd());
}

function beside(unexpected: readonly string[]): string[] {
  if (unexpected.length === 0) return [];
  const names = unexpected.slice(0, 3).join(", ");
  const more = unexpected.length > 3 ? ", …" : "";
  return [
    `  ${unexpected.length} tensors of the file have no place in the model (${names}${more})`,
  ];
}
