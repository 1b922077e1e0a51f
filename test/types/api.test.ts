import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { expect, test } from "vitest";

const folder = dirname(fileURLToPath(import.meta.url));

/** What the compiler has to say about a file of this folder, a line each. */
function complaints(name: string, change = (text: string) => text): string[] {
  const config = join(folder, "..", "tsconfig.json");
  const { config: json } = ts.readConfigFile(config, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(json, ts.sys, dirname(config));
  const file = join(folder, name);
  const host = ts.createCompilerHost(options);
  const read = host.getSourceFile.bind(host);
  host.getSourceFile = (path, language, ...rest) =>
    path === file
      ? ts.createSourceFile(path, change(ts.sys.readFile(path)!), language)
      : read(path, language, ...rest);
  const program = ts.createProgram([file], options, host);
  return ts.getPreEmitDiagnostics(program, program.getSourceFile(file)).map((found) => {
    const { line } = found.file!.getLineAndCharacterOfPosition(found.start!);
    return `${line + 1}: ${ts.flattenDiagnosticMessageText(found.messageText, " ")}`;
  });
}

test("right programs compile and wrong ones do not, by the types in dist", () => {
  expect(complaints("program.ts")).toEqual([]);
});

test("every wrong line is wrong by itself", () => {
  const marker = /^ *\/\/ @ts-expect-error.*$/gm;
  const count = ts.sys.readFile(join(folder, "program.ts"))!.match(marker)!.length;
  const found = complaints("program.ts", (text) => text.replace(marker, "//"));
  const lines = new Set(found.map((complaint) => Number.parseInt(complaint, 10)));
  expect(lines.size).toBe(count);
  // Of the line itself, not of a name that is missing.
  expect(found.filter((complaint) => /Cannot find (name|module)/.test(complaint))).toEqual([]);
});
