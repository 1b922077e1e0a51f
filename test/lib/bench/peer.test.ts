import { expect, test, vi } from "vitest";
import { Peer } from "../../../lib/bench/peer.js";
import { stubPython } from "../../support/python.js";
import { failure } from "../../support/small.js";

const hello =
  '{"versions": {"abacus": "3"}, "contenders": ["beads"], "missing": ["no slide rule"]}';

/** A peer whose Python is lines of shell, and what was noted. */
async function start(lines: string, script = "loader") {
  vi.stubEnv("SSD_DISTILL_PYTHON", "");
  stubPython(lines);
  const notes: string[] = [];
  const peer = await Peer.start(script, { size: 3 }, (line) => void notes.push(line));
  return { peer, notes };
}

test("is told what to work on, and measures when it is asked", async () => {
  // The script's name comes third; the setup comes back as a version.
  const { peer, notes } = await start(`
    read -r setup
    echo '${hello.replace("3", "'$(basename \"$3\")'")}'
    read -r asked
    echo '{"done": 8, "seconds": 2}'
    read -r again
    echo "$again" | grep -q '"seconds":0.5' && echo '{"done": 1, "seconds": 0.25}'`);
  expect(peer!.versions).toEqual({ abacus: "loader.py" });
  expect(peer!.contenders).toEqual(["beads"]);
  expect(notes).toEqual(["bench loader: without a peer: no slide rule"]);
  expect(await peer!.measure("beads", 1)).toBe(250);
  expect(await peer!.measure("beads", 0.5)).toBe(250);
  // It has nothing more to say.
  await expect(peer!.measure("beads", 1)).rejects.toEqual(
    failure("INTERNAL", "python3", "without a word"),
  );
  peer!.dispose();
});

test("is asked what it computes", async () => {
  const { peer } = await start(`
    read -r setup; echo '${hello}'
    read -r asked
    echo "$asked" | grep -q '"contender":"beads","answer":true' && echo '{"sum": 7}'`);
  expect(await peer!.answer("beads")).toEqual({ sum: 7 });
  peer!.dispose();
});

test("one that dies says why in its last words", async () => {
  const { peer } = await start(
    `echo '${hello}'; read -r x; echo early >&2; echo 'late: no beads' >&2`,
  );
  await expect(peer!.measure("beads", 1)).rejects.toEqual(failure("INTERNAL", "late: no beads"));
});

test.each([
  ["exit 3", "python3 ended: without a word"],
  ["echo 'ModuleNotFoundError: numpy' >&2; exit 1", "python3 ended: ModuleNotFoundError: numpy"],
])("a Python that does not do (%s) is noted", async (lines, words) => {
  const { peer, notes } = await start(lines);
  expect(peer).toBeUndefined();
  expect(notes).toEqual([`bench loader: no peer: ${words}`]);
});

test("so is one that is not there, and a script that is not", async () => {
  vi.stubEnv("SSD_DISTILL_PYTHON", "/none/such");
  const notes: string[] = [];
  const note = (line: string) => void notes.push(line);
  expect(await Peer.start("loader", {}, note)).toBeUndefined();
  expect(await Peer.start("abacus", {}, note)).toBeUndefined();
  expect(notes).toEqual([
    expect.stringMatching(/^bench loader: no peer: .*ended: .*ENOENT/),
    expect.stringMatching(/^bench abacus: no peer: .*abacus\.py is not there/),
  ]);
});
