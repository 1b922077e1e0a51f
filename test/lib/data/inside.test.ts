import { isAbsolute, join, relative, resolve } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NamedFiles, pathInside } from "../../../lib/data/inside.js";
import { temporaryFolder, writeTree } from "../../support/temporary.js";

describe("pathInside", () => {
  test.each([
    ["a.jpg", "/data/a.jpg"],
    ["sub/a.jpg", "/data/sub/a.jpg"],
    ["./a.jpg", "/data/a.jpg"],
    ["sub/../a.jpg", "/data/a.jpg"],
    ["..a.jpg", "/data/..a.jpg"],
    ["/data/sub/a.jpg", "/data/sub/a.jpg"],
    ["../data/a.jpg", "/data/a.jpg"],
    ["../a.jpg", undefined],
    ["..", undefined],
    ["sub/../../a.jpg", undefined],
    ["/etc/passwd", undefined],
    ["../database/a.jpg", undefined],
    ["", undefined],
    [".", undefined],
  ])("%j", (name, path) => {
    expect(pathInside("/data", name)).toBe(path);
  });

  test("whatever the name, the path is below the root", () => {
    const part = fc.oneof(fc.constantFrom("..", ".", "", "a", "/"), fc.string());
    fc.assert(
      fc.property(fc.array(part), fc.constantFrom("/data", "data", "../x", "."), (parts, root) => {
        const path = pathInside(root, parts.join("/"));
        if (path === undefined) return;
        const way = relative(resolve(root), resolve(path));
        expect(way !== "" && way.split("/")[0] !== ".." && !isAbsolute(way)).toBe(true);
      }),
    );
  });
});

describe("NamedFiles", () => {
  test("finds what is there, composed or not, with either slash", async () => {
    const root = writeTree(temporaryFolder(), { "sub/a.jpg": "", "u\u0308.jpg": "" });
    const files = new NamedFiles(root);
    expect(await files.find("sub/a.jpg", "x.json", "images[0]")).toBe(join(root, "sub/a.jpg"));
    expect(await files.find("sub\\a.jpg", "x.json", "images[0]")).toBe(join(root, "sub/a.jpg"));
    expect(await files.find("\u00fc.jpg", "x.json", "images[0]")).toBe(join(root, "u\u0308.jpg"));
  });

  test.each([
    ["b.jpg", "missing-picture", /images\[0\]: expected a picture .*b\.jpg, got no such file/],
    ["no/a.jpg", "missing-picture", /no such file/],
    ["../a.jpg", "outside-folder", /images\[0\]: .* got "\.\.\/a\.jpg", which leads out of it/],
    ["..\\..\\a.jpg", "missing-picture", /no such file/],
  ])("%s is %s", async (name, kind, message) => {
    const files = new NamedFiles(writeTree(temporaryFolder(), { "a.jpg": "" }));
    const failure = files.find(name, "x.json", "images[0]");
    await expect(failure).rejects.toMatchObject({ kind, file: "x.json" });
    await expect(failure).rejects.toThrow(message);
  });
});
