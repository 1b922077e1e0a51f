import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { ReportData } from "../../../lib/report/data.js";
import { renderReport, writeReport } from "../../../lib/report/report.js";

const folder = mkdtempSync(join(tmpdir(), "ssd-report-"));
afterAll(() => rm(folder, { recursive: true }));

const PNG = Buffer.from("89504e470d0a1a0a", "hex");
const JPEG = Buffer.from("ffd8ffe000104a46", "hex");

const report = (more: Partial<ReportData> = {}): ReportData => ({
  title: "student learns",
  subtitle: "3 classes",
  models: [
    {
      name: "teacher",
      preset: "ssd300-vgg16",
      parameters: 24.15e6,
      sizeMb: 96.6,
      map: 0.9,
      msPerPicture: 200,
    },
    {
      name: "student",
      preset: "ssd300-mobilenetv2",
      parameters: 2.415e6,
      map: 0.8512,
      classes: [
        { name: "cat", ap: 0.9, truths: 12 },
        { name: "dog", ap: Number.NaN },
      ],
    },
    { name: "student + KD", map: 0.91, classes: [{ name: "cat", ap: 0.95 }] },
  ],
  curves: [
    {
      name: "student",
      epochs: [
        { epoch: 1, loss: { total: 9, conf: 6 }, val: 8, lr: 5e-4 },
        { epoch: 2, loss: { total: 5, conf: 3 }, val: 6, map: 0.7, lr: 4.6e-4 },
        { epoch: 3, loss: { total: 4, conf: 2 }, lr: 4.2e-4 },
        { epoch: 4, loss: { total: 3, conf: 2 }, map: 0.85, lr: 3.9e-4 },
      ],
    },
  ],
  pictures: [
    { caption: "one.jpg: truth", image: PNG },
    { caption: "one.jpg: student", image: JPEG },
  ],
  options: { epochs: 4, distill: { mu: 0.7 } },
  versions: { "ssd-distill": "0.1.0" },
  ...more,
});

/** The cells of the table row that begins with this heading, without markup. */
function row(html: string, heading: string): string[] {
  const rows = Array.from(html.matchAll(/<tr>(.*?)<\/tr>/gs), ([, inner]) =>
    Array.from(inner!.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/gs), ([, cell]) =>
      cell!.replace(/<[^>]+>/g, ""),
    ),
  );
  return rows.find(([first]) => first!.startsWith(heading))!.slice(1);
}

const chartTitles = (html: string): string[] =>
  Array.from(html.matchAll(/<svg class="chart"[^>]*aria-label="([^"]*)"/g), ([, title]) => title!);

describe("renderReport", () => {
  test("the comparison: a column per model, a dash where nothing is known, against the first", () => {
    const html = renderReport(report());
    expect(row(html, "Preset")).toEqual(["ssd300-vgg16", "ssd300-mobilenetv2", "–"]);
    expect(row(html, "mAP")).toEqual(["90.0", "85.1 −4.9", "91.0 +1.0"]);
    expect(row(html, "Parameters")).toEqual(["24.15", "2.42 10.0× less", "–"]);
    expect(row(html, "Size")).toEqual(["96.6", "–", "–"]);
    expect(row(html, "Time")).toEqual(["200.0", "–", "–"]);
  });

  test("the classes: percent, truths, the best in bold", () => {
    const html = renderReport(report());
    expect(row(html, "cat 12")).toEqual(["–", "90.0", "95.0"]);
    expect(row(html, "dog")).toEqual(["–", "–", "–"]);
    expect(html).toContain("<b>95.0</b>");
    expect(html).not.toContain("<b>90.0</b>");
  });

  test("the charts: runs compared, the teacher as a level, losses run by run", () => {
    const html = renderReport(report());
    const titles = ["Validation mAP", "Validation loss", "Learning rate", "Loss: student"];
    expect(chartTitles(html)).toEqual(titles);
    const [map] = html.match(/<svg class="chart".*?<\/svg>/s)!;
    expect(map).toContain(">teacher</text>");
    // Epochs without a validation are no gaps.
    expect(map.match(/stroke-linejoin/g)).toHaveLength(1);
    expect(map).toMatch(/d="M[\d. ]+L[\d. ]+" fill="none"/);
    expect(map).toContain("student: 70 at 2");
  });

  test("pictures are inside, by their own type", () => {
    const html = renderReport(report());
    expect(html).toContain(`src="data:image/png;base64,${PNG.toString("base64")}"`);
    expect(html).toContain(`src="data:image/jpeg;base64,${JPEG.toString("base64")}"`);
    expect(html).toContain("<figcaption>one.jpg: student</figcaption>");
  });

  test("nothing is loaded from anywhere", () => {
    const html = renderReport(report());
    const without = html.replaceAll('xmlns="http://www.w3.org/2000/svg"', "");
    expect(without).not.toMatch(
      /https?:|\/\/[a-z]|<script|<link|@import|url\(|src="(?!data:image)|href=/i,
    );
    expect(html).toContain("default-src 'none'");
    expect(html).toContain("prefers-color-scheme: dark");
  });

  test("every text is escaped", () => {
    const evil = `</pre></title><script>alert("x")</script><img src='x' onerror=&>`;
    const html = renderReport({
      title: evil,
      subtitle: evil,
      models: [{ name: evil, preset: evil, classes: [{ name: evil, ap: 1 }] }],
      curves: [{ name: evil, epochs: [{ epoch: 1, loss: { [evil]: 1 }, val: 1, map: 1, lr: 1 }] }],
      pictures: [{ caption: evil, image: PNG }],
      options: { [evil]: evil },
      versions: { [evil]: evil },
    });
    expect(html).not.toContain("<script>");
    expect(html).not.toContain("<img src='x'");
    expect(html.match(/<\/title>\n/g)).toHaveLength(1);
    expect(html).toContain("&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;");
  });

  test("options keep what JSON would lose", () => {
    const html = renderReport(
      report({ options: { steps: 10n, limit: Number.POSITIVE_INFINITY, none: null } }),
    );
    for (const text of ["10", "Infinity", "none"]) expect(html).toContain(text);
    expect(html).toMatch(/<details><summary>Options/);
  });

  test("the least: a title and no models", () => {
    const html = renderReport({ title: "empty", models: [] });
    expect(html).toContain("<h1>empty</h1>");
    expect(html).not.toMatch(/<section|<table|<svg|undefined|NaN/);
  });

  test("the same data give the same text", () => {
    expect(renderReport(report())).toBe(renderReport(report()));
  });

  test("a picture that is none is refused by its caption", () => {
    const pictures = [{ caption: "odd", image: Buffer.from("GIF89a") }];
    expect(() => renderReport(report({ pictures }))).toThrow(
      'picture "odd": expected the bytes of a PNG',
    );
  });
});

describe("writeReport", () => {
  test("writes the whole file, over an old one, and leaves nothing else", async () => {
    const file = join(folder, "run", "report.html");
    await writeReport(file, report());
    await writeReport(file, report({ title: "second" }));
    expect(readFileSync(file, "utf8")).toBe(renderReport(report({ title: "second" })));
    expect(readdirSync(join(folder, "run"))).toEqual(["report.html"]);
  });

  test("a path that cannot be written is named", async () => {
    const file = join(folder, "file", "report.html");
    await writeFile(join(folder, "file"), "");
    const error = await writeReport(file, report()).catch((thrown) => thrown);
    expect(error).toMatchObject({ name: "SsdError", code: "BAD_DATA" });
    expect(error.message).toContain(file);
  });
});
