// The table of `npm run parity`, from the rows that test/parity/comparison.ts records.

const columns = {
  domain: (row) => row.domain,
  case: (row) => row.case,
  tensor: (row) => row.tensor,
  shape: (row) => `[${row.shape.join(", ")}]`,
  "max abs error": (row) => small(row.error),
  "relative error": (row) => small(row.relative),
  tolerance: (row) => small(row.tolerance),
  "": (row) => (row.ok ? "ok" : "FAIL"),
  note: (row) => row.note ?? "",
};

/** Every row on a line, in columns. */
export function tableOf(rows) {
  const cells = [
    Object.keys(columns),
    ...rows.map((row) => Object.values(columns).map((f) => f(row))),
  ];
  const widths = cells[0].map((_, i) => Math.max(...cells.map((line) => line[i].length)));
  return cells
    .map((line) =>
      line
        .map((cell, i) => cell.padEnd(widths[i]))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** Counts, the worst of each domain, versions; `ok` when something was compared and nothing failed. */
export function summaryOf(rows, { torch, libtorch, seed, full, device, seconds }) {
  const failed = rows.filter((row) => !row.ok).length;
  const domains = [...new Set(rows.map((row) => row.domain))];
  const worst = (of) => rows.filter(of).sort((a, b) => share(b) - share(a))[0];
  const lines = domains.map((domain) => {
    const count = rows.filter((row) => row.domain === domain).length;
    const row = worst((r) => r.domain === domain);
    return [domain, `${count} compared`, `worst ${said(row)}`];
  });
  const total = [
    `${rows.length} comparisons`,
    `${failed} failed`,
    `worst ${said(worst(() => true))}`,
  ];
  const what = full ? "every element" : "committed samples";
  const about = `torch ${torch}, LibTorch ${libtorch}, seed ${seed}, ${what}, ${device}, ${seconds} s`;
  const text = [...lines, total].map((line) => line.join(", ")).join("\n");
  return { text: `\n${text}\n${about}`, ok: rows.length > 0 && failed === 0 };
}

function said(row) {
  return `${small(row.relative)} of ${small(row.tolerance)} (${row.case}: ${row.tensor})`;
}

/** How much of its tolerance a row takes; what must be equal takes nothing or too much. */
function share({ relative, tolerance }) {
  if (relative === null) return Number.POSITIVE_INFINITY;
  if (tolerance > 0) return relative / tolerance;
  return relative > 0 ? Number.POSITIVE_INFINITY : 0;
}

function small(value) {
  // What is no number is null in JSON.
  if (value === null) return "NaN";
  return value === 0 ? "0" : Number(value).toExponential(1);
}
