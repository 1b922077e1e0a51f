import { createRequire } from "node:module";
import type make from "sharp";

const require = createRequire(import.meta.url);

/** sharp, loaded when the first picture is: to import this package is to load no native code. */
export function sharp(): typeof make {
  return require("sharp");
}
