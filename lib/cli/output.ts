/** Prints a line of a command's result on stdout. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Prints a line about the work on stderr, where it never mixes with a result. */
export function note(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Prints a command's result: with `--json` as one JSON object on a line, else as `text` puts it. */
export function printResult<T extends object>(
  value: T,
  options: { json?: boolean },
  text: (value: T) => string,
): void {
  print(options.json ? JSON.stringify(value) : text(value));
}

/** Lines `name  value` in two columns, or as many as the rows have. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows)
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  const line = (row: readonly string[]) =>
    row.map((cell, i) => (i < row.length - 1 ? cell.padEnd(widths[i]!) : cell)).join("  ");
  return rows.map(line).join("\n");
}

/** A number and its noun: `1 box`, `3 boxes`. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

/** Calls `tell` when the work takes long: the first time after so many seconds, then as often. */
export function whenSlow(
  tell: (done: number, total: number) => void,
  seconds = 5,
  now: () => number = () => performance.now() / 1000,
): (done: number, total: number) => void {
  let next = now() + seconds;
  return (done, total) => {
    if (now() < next) return;
    next = now() + seconds;
    tell(done, total);
  };
}
