import { escapeHtml } from "./html.js";
import { type Axis, linearAxis, logAxis, position, TINY, tickName } from "./ticks.js";

/** A line of a chart. */
export interface ChartSeries {
  name: string;
  /** x and y; a y that is not finite (or, with `log`, not positive) leaves a gap. */
  points: readonly (readonly [x: number, y: number])[];
  /** Index of its colour, by default its place in the list. */
  colour?: number;
}

/** What {@link lineChart} draws. */
export interface LineChart {
  title: string;
  xLabel: string;
  yLabel?: string;
  series: readonly ChartSeries[];
  /** Dashed levels across the whole chart, for example a teacher's mAP. */
  marks?: readonly { name: string; y: number; colour?: number }[];
  /** Logarithmic y axis. Default: linear. */
  log?: boolean;
}

// Mid tones: readable on white and on near-black alike.
const COLOURS = "#3b82f6 #f97316 #10b981 #a855f7 #ef4444 #ca8a04 #06b6d4 #ec4899".split(" ");

/** Colour of the series with this index, `#rrggbb`; they repeat after eight. */
export function seriesColour(index: number): string {
  return COLOURS[index % COLOURS.length]!;
}

const WIDTH = 560;
const LEFT = 58;
const RIGHT = 16;
const PLOT_HEIGHT = 210;
const FONT = 12;
/** Up to so many points a line's points are dots that tell their value. */
const DOTS = 60;

interface Plot {
  x: Axis;
  y: Axis;
  top: number;
}

/**
 * A line chart as inline SVG: axes with ticks at round numbers, a light grid, a legend, values in
 * tooltips. Texts and grid take the surrounding `color`, so that it fits light and dark pages.
 */
export function lineChart(chart: LineChart): string {
  const series = chart.series.map(({ name, points, colour }, i) => ({
    name,
    colour: seriesColour(colour ?? i),
    points: points
      .filter(([x]) => Number.isFinite(x))
      .map(([x, y]) => [x, drawable(y, chart.log) ? y : Number.NaN] as const),
  }));
  const marks = (chart.marks ?? [])
    .filter(({ y }) => drawable(y, chart.log))
    .map(({ name, y, colour }, i) => ({
      name,
      y,
      colour: seriesColour(colour ?? series.length + i),
    }));
  const legend = legendRows([
    ...series.map((line) => ({ ...line, dashed: false })),
    ...marks.map((line) => ({ ...line, dashed: true })),
  ]);
  const shown = series.flatMap(({ points }) => points.filter(([, y]) => !Number.isNaN(y)));
  const ys = [...shown.map(([, y]) => y), ...marks.map(({ y }) => y)];
  const whole = shown.every(([x]) => Number.isInteger(x));
  const plot: Plot = {
    x: linearAxis(
      shown.map(([x]) => x),
      8,
      whole,
    ),
    y: chart.log && ys.length > 0 ? logAxis(ys) : linearAxis(ys, 5),
    top: 34 + legend.height,
  };
  const height = plot.top + PLOT_HEIGHT + 46;
  const title = escapeHtml(chart.title);
  const empty = `<text x="${WIDTH / 2}" y="${plot.top + PLOT_HEIGHT / 2}" ${MIDDLE} opacity=".6">no data</text>`;
  return (
    `<svg class="chart" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" ` +
    `aria-label="${title}" font-family="system-ui, sans-serif" font-size="${FONT}" fill="currentColor">` +
    `<text x="${LEFT}" y="19" font-size="15" font-weight="600">${title}</text>` +
    legend.svg +
    axes(plot, chart) +
    marks.map(({ y, colour }) => mark(plot, y, colour)).join("") +
    series.map(({ name, points, colour }) => line(plot, name, points, colour)).join("") +
    (ys.length === 0 ? empty : "") +
    "</svg>"
  );
}

const MIDDLE = 'text-anchor="middle"';
const drawable = (y: number, log = false): boolean => Math.abs(y) < 1 / TINY && (!log || y > TINY);

function legendRows(entries: { name: string; colour: string; dashed: boolean }[]): {
  svg: string;
  height: number;
} {
  let [x, y, svg] = [LEFT, 42, ""];
  for (const { name, colour, dashed } of entries) {
    // The browser's letters are not known here: about 0.56 of the size each.
    const width = 26 + Array.from(name).length * FONT * 0.56 + 16;
    if (x > LEFT && x + width > WIDTH - RIGHT) [x, y] = [LEFT, y + 18];
    const dash = dashed ? ' stroke-dasharray="5 4"' : "";
    svg +=
      `<path d="M${r(x)} ${y - 4}h18" stroke="${colour}" stroke-width="2.5"${dash}/>` +
      `<text x="${r(x + 24)}" y="${y}">${escapeHtml(name)}</text>`;
    x += width;
  }
  return { svg, height: entries.length === 0 ? 0 : y - 20 };
}

function axes(plot: Plot, { xLabel, yLabel }: LineChart): string {
  const bottom = plot.top + PLOT_HEIGHT;
  const rows = plot.y.ticks.map((tick) => {
    const y = r(atY(plot, tick));
    return (
      `<path d="M${LEFT} ${y}H${WIDTH - RIGHT}" stroke="currentColor" stroke-opacity=".13"/>` +
      `<text x="${LEFT - 8}" y="${y}" dy=".33em" text-anchor="end" opacity=".75">${tickName(tick)}</text>`
    );
  });
  const columns = plot.x.ticks.map((tick) => {
    const x = r(atX(plot, tick));
    return (
      `<path d="M${x} ${bottom}v5" stroke="currentColor" stroke-opacity=".5"/>` +
      `<text x="${x}" y="${bottom + 19}" ${MIDDLE} opacity=".75">${tickName(tick)}</text>`
    );
  });
  const middle = plot.top + PLOT_HEIGHT / 2;
  const upright = `<text transform="translate(13 ${middle}) rotate(-90)" ${MIDDLE} opacity=".75">`;
  return (
    rows.join("") +
    columns.join("") +
    `<path d="M${LEFT} ${bottom}H${WIDTH - RIGHT}" stroke="currentColor" stroke-opacity=".5"/>` +
    `<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${bottom + 38}" ${MIDDLE} opacity=".75">${escapeHtml(xLabel)}</text>` +
    (yLabel === undefined ? "" : `${upright}${escapeHtml(yLabel)}</text>`)
  );
}

function mark(plot: Plot, y: number, colour: string): string {
  const at = `M${LEFT} ${r(atY(plot, y))}H${WIDTH - RIGHT}`;
  return `<path d="${at}" stroke="${colour}" stroke-width="1.5" stroke-dasharray="5 4" fill="none"/>`;
}

function line(
  plot: Plot,
  name: string,
  points: readonly (readonly [x: number, y: number])[],
  colour: string,
): string {
  let [d, pen, dots] = ["", "M", ""];
  for (const [x, y] of points) {
    if (Number.isNaN(y)) {
      pen = "M";
      continue;
    }
    const at = `${r(atX(plot, x))} ${r(atY(plot, y))}`;
    d += pen + at;
    pen = "L";
    if (points.length > DOTS) continue;
    const [cx, cy] = at.split(" ");
    const told = escapeHtml(`${name}: ${tickName(Number(y.toPrecision(4)))} at ${tickName(x)}`);
    dots += `<circle cx="${cx}" cy="${cy}" r="2.6"><title>${told}</title></circle>`;
  }
  const path = `<path d="${d}" fill="none" stroke="${colour}" stroke-width="2" stroke-linejoin="round"/>`;
  return `${path}<g fill="${colour}">${dots}</g>`;
}

const atX = ({ x }: Plot, value: number): number =>
  LEFT + position(x, value) * (WIDTH - LEFT - RIGHT);
const atY = ({ y, top }: Plot, value: number): number =>
  top + (1 - position(y, value)) * PLOT_HEIGHT;

/** A coordinate with one decimal. */
function r(value: number): string {
  return String(Math.round(value * 10) / 10);
}
