// A line font for printable ASCII, drawn for this package: the machine's fonts decide nothing, and a
// bare machine has none. A glyph is a list of strokes on a grid: capitals reach from y 0 to the baseline
// at 8, small letters from 3, descenders to a (10). A point is x and y as two hexadecimal digits, a "("
// before it rounds that corner, and a "." ends a stroke that returns to its first point.
const GLYPHS: Record<string, string> = {
  A: "083068 1555",
  B: "0800(40(4404(54(5808",
  C: "52(50(00(08(5856",
  D: "0800(50(5808",
  E: "50000858 0444",
  F: "500008 0444",
  G: "52(50(00(08(585434",
  H: "0008 5058 0454",
  I: "0020 1018 0828",
  J: "40(48(0806",
  K: "0008 5005 2358",
  L: "000848",
  M: "0800356068",
  N: "08005850",
  O: "(00(50(58(08.",
  P: "0800(50(5505",
  Q: "(00(50(58(08. 3659",
  R: "0800(50(5404 2458",
  S: "52(50(00(04(54(58(0806",
  T: "0060 3038",
  U: "00(08(5850",
  V: "003860",
  W: "0028426880",
  X: "0058 5008",
  Y: "003460 3438",
  Z: "00500858",
  a: "13(4348 45(05(0848",
  b: "0008(48(4303",
  c: "43(03(0848",
  d: "4048(08(0343",
  e: "0646(43(03(0848",
  f: "30(1018 0333",
  g: "48(08(0343(4a0a",
  h: "0008 05(03(4348",
  i: "0308 00",
  j: "23(2a0a 20",
  k: "0008 4307 1648",
  l: "00(0828",
  m: "0308 05(03(3338 35(33(6368",
  n: "0308 05(03(4348",
  o: "(03(43(48(08.",
  p: "0a03(43(4808",
  q: "4a43(03(0848",
  r: "0308 05(0333",
  s: "43(03(05(45(4808",
  t: "11(1838 0333",
  u: "03(0848 4348",
  v: "032843",
  w: "0328344863",
  x: "0348 4308",
  y: "0328 431a",
  z: "03430848",
  "0": "(00(40(48(08.",
  "1": "022028 0848",
  "2": "02(00(40(430848",
  "3": "00(40(4414 14(44(4808",
  "4": "38300646",
  "5": "400003(43(4808",
  "6": "40(00(08(48(4404",
  "7": "004018",
  "8": "(00(40(44(04. (04(44(48(08.",
  "9": "08(48(40(00(0444",
  "!": "0005 08",
  '"': "0002 2022",
  "#": "2018 5048 0363 0565",
  $: "43(41(01(04(44(47(0705 2028",
  "%": "5008 (00(20(22(02. (36(56(58(38.",
  "&": "5812(10(303205(08(3855",
  "'": "0002",
  "(": "20(02(0628",
  ")": "00(22(2608",
  "*": "2125 0244 0442",
  "+": "2327 0545",
  ",": "1709",
  "-": "0535",
  ".": "08",
  "/": "4009",
  ":": "04 08",
  ";": "14 1709",
  "<": "420548",
  "=": "0444 0646",
  ">": "024508",
  "?": "02(00(40(44(2426 28",
  "@": "(23(53(56(26. 53(56(76(70(00(0868",
  "[": "20000828",
  "\\": "0049",
  "]": "00202808",
  "^": "032043",
  _: "0959",
  "`": "0012",
  "{": "30(10(1404(14(1838",
  "|": "0009",
  "}": "00(20(2434(24(2808",
  "~": "06(14(3644",
  " ": "",
};

const CAPITAL = 8;
/** Depth of the descenders below the baseline, in capital heights. */
export const DESCENT = 2 / CAPITAL;
const GAP = 2.4;
const SPACE = 1.6;
const ROUND = 2.5;

interface Point {
  x: number;
  y: number;
  round: boolean;
}

/** A text as an SVG path that is to be stroked, not filled. */
export interface TextPath {
  /** The `d` of the path: the text's left end at x 0, its capitals' upper end at y 0. */
  d: string;
  /** Advance width, in the unit of `height`. */
  width: number;
  /** Stroke width that suits the height. */
  stroke: number;
}

/**
 * Lays out one line of text. Whatever is not printable ASCII is drawn as `?`.
 *
 * @param height Height of a capital letter; the unit is the caller's.
 */
export function textPath(text: string, height: number): TextPath {
  const scale = height / CAPITAL;
  let x = 0;
  let d = "";
  for (const character of text) {
    const strokes = strokesOf(GLYPHS[character] ?? GLYPHS["?"]!);
    for (const { points, closed } of strokes) d += strokePath(points, closed, x, scale);
    const widest = Math.max(0, ...strokes.flatMap(({ points }) => points.map((point) => point.x)));
    x += (strokes.length === 0 ? SPACE : widest) + GAP;
  }
  return { d, width: Math.max(0, x - GAP) * scale, stroke: 1.3 * scale };
}

function strokesOf(glyph: string): { points: Point[]; closed: boolean }[] {
  const words = glyph.split(" ").filter((word) => word !== "");
  return words.map((word) => ({
    closed: word.endsWith("."),
    points: Array.from(word.matchAll(/(\(?)(\w)(\w)/g), ([, round, x, y]) => ({
      x: Number.parseInt(x!, 16),
      y: Number.parseInt(y!, 16),
      round: round === "(",
    })),
  }));
}

function strokePath(points: Point[], closed: boolean, x: number, scale: number): string {
  const write = (px: number, py: number): string =>
    `${((x + px) * scale).toFixed(2)} ${(py * scale).toFixed(2)}`;
  const only = points[0]!;
  // A dot: a stroke without length is drawn by its round cap, but only if it has a little of it.
  if (points.length === 1) return `M${write(only.x, only.y)}h.01`;
  let d = "";
  points.forEach((point, i) => {
    const before = points[i - 1] ?? (closed ? points.at(-1)! : undefined);
    const after = points[i + 1] ?? (closed ? only : undefined);
    const command = d === "" ? "M" : "L";
    if (!point.round || before === undefined || after === undefined) {
      d += command + write(point.x, point.y);
      return;
    }
    const radius = Math.min(ROUND, room(point, before), room(point, after));
    const [from, to] = [toward(point, before, radius), toward(point, after, radius)];
    d += `${command}${write(...from)}Q${write(point.x, point.y)} ${write(...to)}`;
  });
  return closed ? `${d}Z` : d;
}

/** How much of the edge between a rounded corner and its neighbour the corner may use. */
function room(corner: Point, neighbour: Point): number {
  const length = Math.hypot(corner.x - neighbour.x, corner.y - neighbour.y);
  return neighbour.round ? length / 2 : length;
}

function toward(from: Point, to: Point, distance: number): [x: number, y: number] {
  const share = distance / Math.hypot(to.x - from.x, to.y - from.y);
  return [from.x + (to.x - from.x) * share, from.y + (to.y - from.y) * share];
}
