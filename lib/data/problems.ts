import type { Problem } from "./dataset.js";

/** A problem on a line: kind, file and object, sentence. */
export function problemLine({ kind, file, object, message }: Problem): string {
  return `${kind} ${file}${object === undefined ? "" : `#${object}`}: ${message}`;
}

/** How many problems there are of each kind, for example `2 problems: zero-area 2`. */
export function problemSummary(problems: readonly Problem[]): string {
  if (problems.length === 0) return "no problems";
  const kinds = new Map<string, number>();
  for (const { kind } of problems) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  const each = [...kinds].map(([kind, times]) => `${kind} ${times}`).join(", ");
  return `${problems.length} ${problems.length === 1 ? "problem" : "problems"}: ${each}`;
}
