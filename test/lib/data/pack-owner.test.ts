import { utimesSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { leftName, ownName, partials } from "../../../lib/data/pack-owner.js";
import { temporaryFolder } from "../../support/temporary.js";

function stage() {
  const path = join(temporaryFolder(), "x.pack");
  const made = (file: string) => {
    writeFileSync(file, "");
    return file;
  };
  /** An own name with some of its parts replaced. */
  const named = (other: { time?: string; host?: string; pid?: string; start?: string } = {}) => {
    const own = basename(ownName(path)).slice("x.pack.".length, -".part".length).split("-");
    const [time, host, pid, start, chance] = own;
    const parts = Object.values({ time, host, pid, start, chance, ...other });
    return made(`${path}.${parts.join("-")}.part`);
  };
  return { path, made, named };
}

test("what this process works on is alive, what was left is not, other files are neither", async () => {
  const { path, made } = stage();
  const own = made(ownName(path));
  const left = made(leftName(path));
  made(path);
  made(`${path.replace("x.pack", "y.pack")}.part`);
  expect(await partials(path)).toEqual({ live: [own], left: [left] });
});

test("the oldest comes first", async () => {
  const { path, named } = stage();
  const younger = named({ time: "000000000000002" });
  const older = named({ time: "000000000000001" });
  expect((await partials(path)).live).toEqual([older, younger]);
});

test("a process that is gone, or another one of its id, is no owner", async () => {
  const { path, named } = stage();
  const gone = named({ pid: "4194304" });
  const reused = named({ start: "1" });
  expect((await partials(path)).left.sort()).toEqual([gone, reused].sort());
});

test("on another host, and where a process cannot be asked, signs of life count", async () => {
  const { path, named } = stage();
  const fresh = named({ host: "00000000" });
  const silent = named({ host: "00000001" });
  const stuck = named();
  const before = Date.now() / 1000 - 90;
  for (const file of [silent, stuck]) utimesSync(file, before, before);
  expect((await partials(path)).live).toEqual([fresh]);
});
