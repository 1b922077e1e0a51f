import sharp, { type Sharp } from "sharp";
import { expect, test } from "vitest";
import { coloursOf, coloursText } from "../../../lib/data/colours.js";

const side = { width: 8, height: 6 };
const rgb = () => sharp({ create: { ...side, channels: 3, background: "teal" } });
const rgba = () => sharp({ create: { ...side, channels: 4, background: "#0808" } });

const cases: [name: string, make: () => Sharp, text: string][] = [
  ["jpeg", () => rgb().jpeg(), "8-bit rgb"],
  ["png", () => rgb().png(), "8-bit rgb"],
  ["gray jpeg", () => rgb().toColourspace("b-w").jpeg(), "8-bit grey"],
  ["png with alpha", () => rgba().png(), "8-bit rgb with alpha"],
  ["16-bit png", () => rgb().toColourspace("rgb16").png(), "16-bit rgb"],
  ["16-bit gray png", () => rgb().toColourspace("grey16").png(), "16-bit grey"],
  ["palette png", () => rgb().png({ palette: true }), "8-bit palette"],
  ["cmyk jpeg", () => rgb().toColourspace("cmyk").jpeg(), "8-bit cmyk"],
];

test.each(cases)("%s", async (_, make, text) => {
  const metadata = await sharp(await make().toBuffer()).metadata();
  expect(coloursText(coloursOf(metadata))).toBe(text);
});

test("what has no name of ours keeps libvips'", () => {
  const lab = { space: "lab", depth: "float", hasAlpha: false, isPalette: false } as const;
  expect(coloursOf(lab)).toEqual({ space: "lab", bits: 32, alpha: false });
});
