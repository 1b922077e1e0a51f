import { describe, expect, test } from "vitest";
import { parseAnnotation, readAnnotation } from "../../../lib/data/voc-annotation.js";
import { temporaryFolder } from "../../support/temporary.js";
import { cat, dog, vocXml, writeFiles } from "../../support/voc.js";

const parse = (text: string) => parseAnnotation(text, "a.xml");

test("reads size, file name, classes, corners from 0, and difficult", () => {
  const text = `<?xml version="1.0"?><annotation verified="yes"><filename>a.jpg</filename>
    <size><width>640</width><height>480</height><depth>3</depth></size>
    <object><name>cat</name><pose>Left</pose><difficult>1</difficult>
      <part><name>head</name><bndbox><xmin>1</xmin></bndbox></part>
      <bndbox><xmin>1</xmin><ymin>2.5</ymin><xmax>30</xmax><ymax>40</ymax></bndbox></object>
  </annotation>`;
  expect(parse(text)).toEqual({
    filename: "a.jpg",
    size: { width: 640, height: 480 },
    objects: [
      {
        name: "cat",
        box: [0, 1.5, 29, 39],
        difficult: true,
        written: "xmin 1, ymin 2.5, xmax 30, ymax 40",
      },
    ],
  });
});

test.each(["<annotation/>", "<annotation></annotation>", "<annotation> <folder/> </annotation>"])(
  "without objects the picture is empty: %s",
  (text) => {
    expect(parse(text)).toEqual({ filename: "", size: undefined, objects: [] });
  },
);

test.each(["0", "-3", "", "wide"])("a width of %j is no size", (width) => {
  const text = `<annotation><size><width>${width}</width><height>4</height></size></annotation>`;
  expect(parse(text).size).toBeUndefined();
});

test("names are text: numbers stay as written, XML's own entities are read", () => {
  const names = ["007", "1e3", "true", "salt &amp; pepper", "a &lt;b&gt;", "&amp;lt;"];
  const { objects } = parse(vocXml(names.map((name) => ({ ...cat, name }))));
  const expected = ["007", "1e3", "true", "salt & pepper", "a <b>", "&lt;"];
  expect(objects.map(({ name }) => name)).toEqual(expected);
});

test.each(["", "abc", "12,5", "NaN", "1 2"])("a corner %j is not a number", (corner) => {
  const { objects } = parse(vocXml([{ ...cat, box: [1, corner, 3, 4] }]));
  expect(objects[0]!.box[1]).toBeNaN();
});

describe("refuses with the file and, where it is one, the object", () => {
  const noName = "<object><bndbox/></object>";
  const noBox = "<object><name>cat</name></object>";
  const noCorner = vocXml([cat, dog]).replace(/<xmax>33<\/xmax>/, "");
  test.each<[string, string, RegExp, number | undefined]>([
    ["an empty file", "", /well-formed XML/, undefined],
    ["text", "hello", /well-formed XML/, undefined],
    ["an element left open", "<annotation><object>", /well-formed XML/, undefined],
    ["elements crossed", "<annotation><a></annotation></a>", /well-formed XML/, undefined],
    ["another root", "<html><body/></html>", /<annotation> on top, got <html>/, undefined],
    ["no name", `<annotation>${noName}</annotation>`, /expected a <name>/, 0],
    ["no box", `<annotation>${noBox}</annotation>`, /one <bndbox> of "cat"/, 0],
    ["no corner", noCorner, /expected <xmax> in the <bndbox> of "dog"/, 1],
  ])("%s", (_, text, message, object) => {
    expect(() => parse(text)).toThrow(message);
    expect(() => parse(text)).toThrow(
      expect.objectContaining({ kind: "broken-annotation", file: "a.xml", object }),
    );
  });
});

describe("hostile files", () => {
  const laughs = `<!DOCTYPE a [<!ENTITY b "lol"><!ENTITY c "&b;&b;&b;">]>
    <annotation><filename>&c;</filename></annotation>`;
  const secrets = `<!doctype a [<!ENTITY x SYSTEM "file:///etc/passwd">]>
    <annotation><filename>&x;</filename></annotation>`;

  test.each([laughs, secrets])("a document type is refused", (text) => {
    expect(() => parse(text)).toThrow(/DOCTYPE/);
  });

  test("unknown entities stay as they are written", () => {
    const text = "<annotation><filename>&x;.jpg</filename></annotation>";
    expect(parse(text).filename).toBe("&x;.jpg");
  });

  test("names of JavaScript's own are refused or mere names", () => {
    const { objects } = parse(vocXml([{ ...cat, name: "__proto__" }]));
    expect(objects[0]!.name).toBe("__proto__");
    expect(() => parse("<annotation><__proto__><a/></__proto__></annotation>")).not.toThrow(
      TypeError,
    );
    expect(({} as Record<string, unknown>).a).toBeUndefined();
  });
});

describe("readAnnotation", () => {
  test("passes over a byte order mark", async () => {
    const folder = await writeFiles(temporaryFolder(), { "a.xml": `\uFEFF${vocXml([cat])}` });
    expect((await readAnnotation(`${folder}/a.xml`)).objects).toHaveLength(1);
  });

  test("refuses text that is not UTF-8: the name would be another", async () => {
    const bytes = Buffer.from(vocXml([{ ...cat, name: "Käse" }]), "latin1");
    const folder = await writeFiles(temporaryFolder(), { "a.xml": bytes });
    await expect(readAnnotation(`${folder}/a.xml`)).rejects.toThrow(/expected UTF-8 text/);
  });

  test("names a file that cannot be read", async () => {
    const file = `${temporaryFolder()}/none.xml`;
    await expect(readAnnotation(file)).rejects.toMatchObject({ file, kind: "broken-annotation" });
  });
});
