import { describe, expect, test } from "vitest";
import { ended, startModule } from "../support/cli.js";
import { engineEnv } from "../support/small.js";
import { temporaryFolder } from "../support/temporary.js";

// A process that ends in the middle of a step ends with the status it chose, never by a signal.

/** So many times each: a race that is lost once in a few is seen. */
const times = 20;
/** Processes at once. */
const parallel = 2;

const begin = `
import { Detector, synthetic, train } from "index.js";
const data = synthetic("shapes", { images: 6, size: 64, dir: process.env.FOLDER });
const { classes } = await data.read();
const detector = Detector.create("ssd128-tiny", { classes });
const options = { data, epochs: 100_000, batch: 2, threads: 1, evalEvery: 100_000 };
`;

/** Runs a program again and again; the ways it ended that are not as expected. */
async function strangeEnds(program: string, code: number): Promise<unknown[]> {
  const env = { ...engineEnv(), FOLDER: `${temporaryFolder()}/shapes` };
  const strange: unknown[] = [];
  // The first alone: it writes the pictures that the others find.
  let left = times;
  const one = async (place: number) => {
    const child = startModule(program, { ...env, PLACE: String(place) });
    const { out, err } = await ended(child);
    if (child.exitCode !== code || child.signalCode !== null || err !== "") {
      strange.push({ place, code: child.exitCode, signal: child.signalCode, out, err });
    }
  };
  await one(left--);
  const lane = async () => {
    while (left > 0) await one(left--);
  };
  await Promise.all(Array.from({ length: parallel }, lane));
  return strange;
}

describe("process.exit(7) ends with 7", () => {
  test(`in the middle of a training, ${times} of ${times}`, async () => {
    // Another step each time, and then somewhere in the next one.
    const program = `${begin}
      for await (const { step } of train(detector, options)) {
        if (step === Number(process.env.PLACE)) setTimeout(() => process.exit(7), step % 5);
      }`;
    expect(await strangeEnds(program, 7)).toEqual([]);
  });

  test("with a detection, an evaluation and a training under way", async () => {
    const env = { ...engineEnv(), FOLDER: `${temporaryFolder()}/shapes` };
    const program = `${begin}
      import { evaluate } from "index.js";
      const picture = { data: new Uint8Array(3 * 500 * 500), width: 500, height: 500 };
      const other = Detector.create("ssd128-tiny", { classes });
      train(detector, { ...options, onEvent: ({ kind }) => kind === "step" && process.exit(7) });
      evaluate(other, data);
      for (let i = 0; i < 50; i++) other.detect(picture);`;
    const child = startModule(program, env);
    const { err } = await ended(child);
    expect([child.exitCode, child.signalCode, err]).toEqual([7, null, ""]);
  });

  test("an error that nobody catches ends with 1 and its own words", async () => {
    const env = { ...engineEnv(), FOLDER: `${temporaryFolder()}/shapes` };
    const program = `${begin}
      for await (const { step } of train(detector, options)) {
        if (step === 2) setTimeout(() => { throw new Error("enough"); });
      }`;
    const child = startModule(program, env);
    const { err } = await ended(child);
    expect([child.exitCode, child.signalCode]).toEqual([1, null]);
    expect(err).toContain("Error: enough");
  });
});

test("a program whose training has ended needs no process.exit", async () => {
  const env = { ...engineEnv(), FOLDER: `${temporaryFolder()}/shapes` };
  const program = `${begin} console.log((await train(detector, { ...options, epochs: 1 }).done).epochs);`;
  expect(await ended(startModule(program, env))).toEqual({ code: 0, out: "1\n", err: "" });
});
