import { seriesColour } from "./chart.js";
import type { ReportModel } from "./data.js";
import { escapeHtml, fixed, NONE } from "./html.js";

/** A card per model: its mAP in large type, and what it costs. Colours are those of the charts. */
export function modelCards(models: readonly ReportModel[]): string {
  const cards = models.map((model, i) => {
    const facts = [
      model.parameters === undefined ? "" : `${millions(model)} M parameters`,
      model.sizeMb === undefined ? "" : `${fixed(model.sizeMb, 1)} MB`,
      model.msPerPicture === undefined ? "" : `${fixed(model.msPerPicture, 1)} ms`,
    ].filter((fact) => fact !== "");
    return (
      `<div class="card" style="border-top-color:${seriesColour(i)}"><h3>${escapeHtml(model.name)}</h3><p class="muted">${escapeHtml(model.preset ?? NONE)}</p>` +
      `<p class="large">${percent(model.map)}<small> mAP</small></p>` +
      `<p class="muted">${facts.join(" · ")}</p></div>`
    );
  });
  return cards.length === 0 ? "" : `<div class="cards">${cards.join("")}</div>`;
}

interface Row {
  name: string;
  show: (model: ReportModel) => string;
  /** How a model compares with the first one, in small letters. */
  versus?: (model: ReportModel, first: ReportModel) => string;
}

const ROWS: readonly Row[] = [
  { name: "Preset", show: ({ preset }) => escapeHtml(preset ?? NONE) },
  { name: "mAP, %", show: ({ map }) => percent(map), versus: difference(({ map }) => map) },
  { name: "Parameters, M", show: millions, versus: ratio(({ parameters }) => parameters) },
  {
    name: "Size, MB",
    show: ({ sizeMb }) => fixed(sizeMb, 1),
    versus: ratio(({ sizeMb }) => sizeMb),
  },
  {
    name: "Time per picture, ms",
    show: ({ msPerPicture }) => fixed(msPerPicture, 1),
    versus: ratio(({ msPerPicture }) => msPerPicture),
  },
];

/** The models side by side; small figures compare with the first. */
export function modelTable(models: readonly ReportModel[]): string {
  const [first] = models;
  if (first === undefined) return "";
  const rows = ROWS.map(({ name, show, versus }) => {
    const cells = models.map((model) => {
      const small = model === first ? "" : (versus?.(model, first) ?? "");
      return `<td>${show(model)}${small === "" ? "" : ` <small>${small}</small>`}</td>`;
    });
    return `<tr><th>${name}</th>${cells.join("")}</tr>`;
  });
  const against =
    models.length > 1
      ? `<p class="muted">Small figures: against ${escapeHtml(first.name)}.</p>`
      : "";
  return `${table(models, "", rows)}${against}`;
}

/** A row per class with a bar per model; the classes in the order in which models name them. */
export function classTable(models: readonly ReportModel[]): string {
  const names = [...new Set(models.flatMap(({ classes = [] }) => classes.map(({ name }) => name)))];
  if (names.length === 0) return "";
  const rows = names.map((name) => {
    const found = models.map(({ classes }) => classes?.find((entry) => entry.name === name));
    const truths = found.find((entry) => entry?.truths !== undefined)?.truths;
    const best = Math.max(...found.map((entry) => entry?.ap ?? Number.NaN).filter(Number.isFinite));
    const cells = found.map((entry) => bar(entry?.ap, models.length > 1 && entry?.ap === best));
    const count = truths === undefined ? "" : ` <small>${truths}</small>`;
    return `<tr><th>${escapeHtml(name)}${count}</th>${cells.join("")}</tr>`;
  });
  return table(models, "Class", rows);
}

function table(models: readonly ReportModel[], corner: string, rows: readonly string[]): string {
  const head = models.map(({ name }) => `<th>${escapeHtml(name)}</th>`).join("");
  return (
    `<div class="scroll"><table><thead><tr><th>${corner}</th>${head}</tr></thead>` +
    `<tbody>${rows.join("")}</tbody></table></div>`
  );
}

function bar(ap: number | undefined, best: boolean): string {
  if (ap === undefined || !(ap >= 0)) return `<td>${NONE}</td>`;
  const text = best ? `<b>${percent(ap)}</b>` : percent(ap);
  const width = (100 * Math.min(1, ap)).toFixed(1);
  return `<td class="ap"><span class="bar" style="width:${width}%"></span><span>${text}</span></td>`;
}

function percent(share: number | undefined): string {
  return share === undefined || share < 0 ? NONE : fixed(100 * share, 1);
}

function millions({ parameters }: ReportModel): string {
  return parameters === undefined ? NONE : fixed(parameters / 1e6, 2);
}

type Value = (model: ReportModel) => number | undefined;

function difference(of: Value): NonNullable<Row["versus"]> {
  return (model, first) => {
    const points = 100 * ((of(model) ?? Number.NaN) - (of(first) ?? Number.NaN));
    return Number.isFinite(points) ? `${points >= 0 ? "+" : ""}${fixed(points, 1)}` : "";
  };
}

function ratio(of: Value): NonNullable<Row["versus"]> {
  return (model, first) => {
    const times = (of(model) ?? Number.NaN) / (of(first) ?? Number.NaN);
    if (!Number.isFinite(times) || times <= 0) return "";
    return times < 1 ? `${fixed(1 / times, 1)}× less` : `${fixed(times, 1)}×`;
  };
}
