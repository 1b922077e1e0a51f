/** Style sheet of the report: one set of rules, two sets of colours. */
export const STYLE = `
:root {
  --page: #f6f7f9; --plate: #fff; --text: #1b2330; --muted: #667085; --line: #e4e7ec; --bar: #3b82f633;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0f141b; --plate: #18202b; --text: #e6eaf0; --muted: #94a0b3; --line: #2a3442; --bar: #3b82f655;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif;
}
header, main { max-width: 1180px; margin: 0 auto; padding: 0 24px; }
header { padding-top: 36px; }
h1 { margin: 0; font-size: 28px; letter-spacing: -.01em; overflow-wrap: anywhere; }
header p { margin: 4px 0 0; color: var(--muted); }
main { padding-bottom: 48px; }
section { margin-top: 36px; }
h2 { margin: 0 0 12px; font-size: 18px; }
h3 { margin: 0; font-size: 15px; }
small { color: var(--muted); font-size: 12px; font-weight: 400; }
.muted { margin: 0; color: var(--muted); font-size: 13px; }
.cards { display: grid; gap: 16px; margin-top: 24px; grid-template-columns: repeat(auto-fit, minmax(220px, 1fr)); }
.card, figure, .scroll, details { background: var(--plate); border: 1px solid var(--line); border-radius: 10px; }
.card { padding: 16px 20px; border-top: 3px solid var(--line); }
.large { margin: 6px 0; font-size: 36px; font-weight: 650; line-height: 1.1; font-variant-numeric: tabular-nums; }
.large small { font-size: 15px; }
.scroll { overflow-x: auto; margin-bottom: 8px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: 8px 16px; border-top: 1px solid var(--line); text-align: left; }
thead th, tr:first-child > * { border-top: 0; }
tbody tr:first-child > * { border-top: 1px solid var(--line); }
thead th { color: var(--muted); font-size: 13px; font-weight: 600; }
.scroll table { table-layout: fixed; min-width: 620px; }
.scroll th:first-child { width: 24%; overflow-wrap: anywhere; }
tbody th { font-weight: 500; }
.ap { position: relative; min-width: 130px; }
.ap span { position: relative; }
.ap .bar { position: absolute; inset: 5px auto 5px 6px; max-width: calc(100% - 12px); background: var(--bar); border-radius: 4px; }
.charts, .pictures { display: grid; gap: 16px; }
.charts { grid-template-columns: repeat(auto-fit, minmax(min(100%, 460px), 1fr)); }
.pictures { grid-template-columns: repeat(auto-fill, minmax(min(100%, 340px), 1fr)); }
figure { margin: 0; overflow: hidden; }
.charts figure { padding: 12px 12px 4px; }
.chart { display: block; width: 100%; height: auto; }
img { display: block; width: 100%; height: auto; }
figcaption { padding: 8px 12px; color: var(--muted); font-size: 13px; overflow-wrap: anywhere; }
details { margin-top: 12px; padding: 0 16px; }
summary { padding: 12px 0; cursor: pointer; font-weight: 600; }
details table { width: auto; margin-bottom: 12px; }
pre { overflow-x: auto; margin: 0 0 16px; font: 13px/1.5 ui-monospace, Menlo, Consolas, monospace; }
@media print { body { background: none; } .card, figure, .scroll { break-inside: avoid; } }
`;
