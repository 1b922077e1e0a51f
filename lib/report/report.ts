import { writeAtomically } from "../checkpoint/atomic.js";
import { SsdError } from "../errors.js";
import { lineChart } from "./chart.js";
import { classTable, modelCards, modelTable } from "./compare.js";
import type { ReportCurve, ReportData, ReportEpoch, ReportModel } from "./data.js";
import { escapeHtml } from "./html.js";
import { STYLE } from "./style.js";

export type { ReportCurve, ReportData, ReportEpoch, ReportModel } from "./data.js";

/**
 * Writes the report of a run: one HTML file that holds everything it shows and loads nothing. The same
 * data give the same bytes. The file appears whole or not at all.
 *
 * @throws SsdError BAD_DATA naming the file when it cannot be written, or a picture that is no PNG or JPEG
 */
export async function writeReport(file: string, report: ReportData): Promise<void> {
  await writeAtomically(file, [renderReport(report)], "BAD_DATA");
}

/** The HTML of {@link writeReport}. @throws SsdError BAD_DATA for a picture that is no PNG or JPEG */
export function renderReport(report: ReportData): string {
  const { title, subtitle, models, curves = [], pictures = [], options, versions } = report;
  const sections = [
    modelCards(models),
    section("Comparison", modelTable(models)),
    section("Training", charts(models, curves)),
    section("Average precision by class", classTable(models)),
    section("Pictures", gallery(pictures)),
    details(options, versions),
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<header><h1>${escapeHtml(title)}</h1>${subtitle ? `<p>${escapeHtml(subtitle)}</p>` : ""}</header>
<main>
${sections.filter((part) => part !== "").join("\n")}
</main>
</body>
</html>
`;
}

function section(title: string, body: string): string {
  return body === "" ? "" : `<section><h2>${title}</h2>${body}</section>`;
}

/** The runs against each other, then a chart of its own for each run's loss terms. */
function charts(models: readonly ReportModel[], curves: readonly ReportCurve[]): string {
  const colour = (name: string): number | undefined => {
    const index = models.findIndex((model) => model.name === name);
    return index < 0 ? undefined : index;
  };
  const shared = (title: string, value: (epoch: ReportEpoch) => number | undefined) => ({
    title,
    xLabel: "epoch",
    series: curves
      .map(({ name, epochs }) => ({ name, colour: colour(name), points: pointsOf(epochs, value) }))
      .filter(({ points }) => points.length > 0),
  });
  // A model that was not trained here (the teacher) is a level to reach.
  const marks = models
    .filter(({ name, map }) => map !== undefined && !curves.some((curve) => curve.name === name))
    .map(({ name, map }) => ({ name, y: 100 * map!, colour: colour(name) }));
  const percent = ({ map }: ReportEpoch): number | undefined => map && 100 * map;
  const compared = [
    { ...shared("Validation mAP", percent), yLabel: "%", marks },
    shared("Validation loss", ({ val }) => val),
    shared("Learning rate", ({ lr }) => lr),
  ];
  const losses = curves.map(({ name, epochs }) => {
    const terms = [...new Set(epochs.flatMap(({ loss }) => Object.keys(loss ?? {})))];
    const series = terms.map((term) => ({
      name: term,
      points: pointsOf(epochs, ({ loss }) => loss?.[term]),
    }));
    return { title: `Loss: ${name}`, xLabel: "epoch", series };
  });
  const drawn = [...compared, ...losses].filter(({ series }) => series.length > 0);
  if (drawn.length === 0) return "";
  return `<div class="charts">${drawn.map((chart) => figure(lineChart(chart))).join("")}</div>`;
}

/** An epoch that did not measure the value is no point: the line goes on. A NaN is a gap in it. */
function pointsOf(
  epochs: readonly ReportEpoch[],
  value: (epoch: ReportEpoch) => number | undefined,
): [x: number, y: number][] {
  return epochs.flatMap((at) => {
    const y = value(at);
    return y === undefined || y === null ? [] : [[at.epoch, y] as [number, number]];
  });
}

const figure = (content: string): string => `<figure>${content}</figure>`;

function gallery(pictures: NonNullable<ReportData["pictures"]>): string {
  if (pictures.length === 0) return "";
  const figures = pictures.map(({ caption, image }) => {
    const text = escapeHtml(caption);
    return figure(
      `<img alt="${text}" src="${dataUri(image, caption)}"><figcaption>${text}</figcaption>`,
    );
  });
  return `<div class="pictures">${figures.join("")}</div>`;
}

function dataUri(image: Uint8Array, caption: string): string {
  const bytes = Buffer.from(image.buffer, image.byteOffset, image.byteLength);
  const starts = (...magic: number[]): boolean => magic.every((value, i) => bytes[i] === value);
  const type = starts(0x89, 0x50, 0x4e, 0x47)
    ? "png"
    : starts(0xff, 0xd8, 0xff)
      ? "jpeg"
      : undefined;
  if (type === undefined) {
    throw new SsdError(
      "BAD_DATA",
      `picture "${caption}": expected the bytes of a PNG or JPEG, got others`,
    );
  }
  return `data:image/${type};base64,${bytes.toString("base64")}`;
}

function details(options: unknown, versions: Record<string, string> | undefined): string {
  const parts: string[] = [];
  if (versions !== undefined) {
    const rows = Object.entries(versions).map(
      ([name, version]) => `<tr><th>${escapeHtml(name)}</th><td>${escapeHtml(version)}</td></tr>`,
    );
    parts.push(`<details><summary>Versions</summary><table>${rows.join("")}</table></details>`);
  }
  if (options !== undefined) {
    const text = JSON.stringify(options, (_, value) => jsonable(value), 2) ?? String(options);
    parts.push(`<details><summary>Options</summary><pre>${escapeHtml(text)}</pre></details>`);
  }
  return parts.length === 0 ? "" : `<section>${parts.join("")}</section>`;
}

/** Values that JSON would drop, turn into null or refuse, as text. */
function jsonable(value: unknown): unknown {
  const lost = typeof value === "bigint" || typeof value === "function";
  return lost || (typeof value === "number" && !Number.isFinite(value)) ? String(value) : value;
}
