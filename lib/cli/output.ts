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

/** Lines `name  value` in two columns. */
export function table(rows: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join("\n");
}
