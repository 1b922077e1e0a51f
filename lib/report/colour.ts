/** Red, green and blue, 0 to 255. */
export type Rgb = readonly [red: number, green: number, blue: number];

const GOLDEN_ANGLE = 137.508;

/**
 * The colour of a class, the same in every picture and run. Given the class list, neighbours in it lie
 * far apart on the colour circle; without it, the name's hash decides, and two names may come close.
 */
export function labelColour(label: string, classes?: readonly string[]): Rgb {
  const index = classes?.indexOf(label) ?? -1;
  const turn = index >= 0 ? index : hash(label) % 997;
  // Three levels of lightness tell apart what meets on the circle after many classes.
  const lightness = [0.55, 0.68, 0.44][Math.floor(turn / 8) % 3]!;
  return fromHsl((150 + turn * GOLDEN_ANGLE) % 360, 0.85, lightness);
}

/** Black or white, whichever is read better on `background` (WCAG 2 contrast ratio). */
export function textColour(background: Rgb): Rgb {
  const light = luminance(background) + 0.05;
  return light * light > 1.05 * 0.05 ? [16, 20, 24] : [255, 255, 255];
}

/** `#rrggbb`. */
export function hex(colour: Rgb): string {
  return `#${colour.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}

function luminance(colour: Rgb): number {
  const [red, green, blue] = colour.map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as unknown as Rgb;
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function fromHsl(hue: number, saturation: number, lightness: number): Rgb {
  const reach = saturation * Math.min(lightness, 1 - lightness);
  const channel = (offset: number): number => {
    const k = (offset + hue / 30) % 12;
    return Math.round(255 * (lightness - reach * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
  };
  return [channel(0), channel(8), channel(4)];
}

/** FNV-1a over the UTF-16 code units. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  }
  return value >>> 0;
}
