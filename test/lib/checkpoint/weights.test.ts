import { join } from "node:path";
import { expect, test } from "vitest";
import { inspectWeights } from "../../../lib/checkpoint/inspect.js";
import { readManifest, weightFolder } from "../../support/weights.js";

const { files } = readManifest();

test.each(Object.entries(files))("%s", async (name, expected) => {
  expect(await inspectWeights(join(weightFolder, name))).toEqual(expected);
});
