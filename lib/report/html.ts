/** Text as it may stand in HTML or SVG, between tags and in quoted attributes. */
export function escapeHtml(text: string): string {
  const names: Record<string, string> = {
    "&": "amp",
    "<": "lt",
    ">": "gt",
    '"': "quot",
    "'": "#39",
  };
  // Control characters have no place in XML, not even as references.
  const clean = Array.from(text, (c) => (c < " " && c !== "\n" && c !== "\t" ? "\ufffd" : c)).join(
    "",
  );
  return clean.replace(/[&<>"']/g, (character) => `&${names[character]};`);
}

/** What stands where there is no value. */
export const NONE = "–";

/** A number with fixed digits, or {@link NONE}. */
export function fixed(value: number | undefined, digits: number): string {
  if (value === undefined || !Number.isFinite(value)) return NONE;
  return value.toFixed(digits).replace("-", "−");
}
