import type { Command } from "commander";
export function dataShowCommand(_data: Command): void {}
