import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readDataYaml } from "../../../lib/data/yolo-yaml.js";
import { temporaryFolder, writeTree } from "../../support/temporary.js";

/** Reads a yaml of that text. */
async function read(text: string) {
  const root = writeTree(temporaryFolder(), { "data.yaml": text });
  return { root, data: await readDataYaml(join(root, "data.yaml")) };
}

test("a list of names, all sets, comments and keys that are not used", async () => {
  const { root, data } = await read(
    `# COCO8\npath: .  # here\ntrain: images/train\nval: [a, b]\ntest:\nnames:\n- cat\n- "hot dog"\nnc: 2\nroboflow: {version: 1}\n`,
  );
  expect(data).toEqual({
    root,
    names: ["cat", "hot dog"],
    sets: { train: ["images/train"], val: ["a", "b"] },
  });
});

test("a map of names by number, in any order", async () => {
  const { data } = await read("names: {1: dog, 0: cat}\nvalidation: v\n");
  expect(data.names).toEqual(["cat", "dog"]);
  expect(data.sets).toEqual({ val: ["v"] });
});

test("names are text, whatever else YAML might take them for", async () => {
  const { data } = await read("names: [no, 007, 1e3, true, null, 2020-01-01, '~']\n");
  expect(data.names).toEqual(["no", "007", "1e3", "true", "null", "2020-01-01", "~"]);
});

test("without names classes are called by their numbers", async () => {
  expect((await read("nc: 2\ntrain: x\n")).data.names).toEqual(["class_0", "class_1"]);
});

describe("refuses, naming the file", () => {
  test.each<[string, string, RegExp]>([
    ["nothing", "", /no keys such as names and train/],
    ["a list", "- a\n- b\n", /no keys such as/],
    ["no YAML", "names: [cat\ntrain: x", /expected a data\.yaml, got: \S/],
    ["tabs", "names:\n\t- cat\n", /expected a data\.yaml, got: \S/],
    ["another count", "nc: 3\nnames: [a, b]", /nc 3, but 2 names/],
    ["a count that is none", "nc: many\nnames: [a]", /nc "many", not a number/],
    ["too many", "nc: 1000000000\n", /not a number of classes/],
    ["no names", "train: x\n", /no names/],
    ["names that are one", "names: cat\n", /no names/],
    ["an empty name", "names: [cat, '']\n", /a name 1 that is no text/],
    ["a list as a name", "names: [cat, [dog]]\n", /a name 1 that is no text/],
    ["a name twice", "names: [cat, dog, cat]\n", /the name "cat" twice, for the classes 0 and 2/],
    ["a gap", "names: {0: cat, 2: dog}\n", /names of 2 classes without one of class 1/],
    ["a set that is none", "names: [a]\ntrain: {x: y}\n", /"train" that is neither/],
    ["a path that is none", "names: [a]\npath: [x]\n", /"path" that is no path/],
    [
      "a folder that is none",
      "names: [a]\npath: nowhere\n",
      /expected a folder "path", got .*nowhere/,
    ],
  ])("%s", async (_, text, message) => {
    const failure = read(text);
    await expect(failure).rejects.toMatchObject({ code: "BAD_DATA" });
    await expect(failure).rejects.toThrow(/data\.yaml: expected/);
    await expect(failure).rejects.toThrow(message);
  });
});

describe("hostile files", () => {
  test("a bomb of aliases ends soon", async () => {
    const lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"];
    for (let i = 1; i < 12; i++) {
      lines.push(
        `a${i}: &a${i} [${Array(9)
          .fill(`*a${i - 1}`)
          .join(", ")}]`,
      );
    }
    const start = performance.now();
    await expect(read(`${lines.join("\n")}\nnames: [a]\n`)).rejects.toThrow(/[aA]lias/);
    expect(performance.now() - start).toBeLessThan(2000);
  });

  test("tags make nothing", async () => {
    const text = `names: [cat]\nx: !!js/function "() => process.exit(3)"\ny: !!python/object/apply:os.system ["ls"]\n`;
    expect((await read(text)).data.names).toEqual(["cat"]);
  });

  test("lists in lists in lists, and a file that is too large", async () => {
    await expect(read(`names: ${"[".repeat(20_000)}`)).rejects.toMatchObject({ code: "BAD_DATA" });
    await expect(read("#".repeat((1 << 20) + 1))).rejects.toThrow(
      /more than the 1048576 that are read/,
    );
  });

  test("very many names take no square of their number", async () => {
    const names = Array.from({ length: 22_000 }, (_, i) => `  ${i}: class ${i}\n`);
    expect((await read(`names:\n${names.join("")}`)).data.names).toHaveLength(22_000);
  });

  test("JavaScript's own names are mere names", async () => {
    const { data } = await read("names: [__proto__, constructor]\n__proto__: {x: 1}\n");
    expect(data.names).toEqual(["__proto__", "constructor"]);
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });
});
