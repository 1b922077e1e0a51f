import type { Command } from "commander";
import { dataCheckCommand } from "./data-check.js";
import { packCommand } from "./data-pack.js";
import { dataShowCommand } from "./data-show.js";

/** Registers `data check`, `data show` and `data pack`. */
export function dataCommand(program: Command): void {
  const data = program.command("data").description("check, show or prepare labelled pictures");
  dataCheckCommand(data);
  dataShowCommand(data);
  packCommand(data);
}
