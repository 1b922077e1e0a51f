import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { expect, test } from "vitest";
import { annotate } from "../../../lib/report/annotate.js";
import { failure, smallDetector } from "../../support/small.js";
import { temporaryFolder } from "../../support/temporary.js";
import { picture, writeFiles } from "../../support/voc.js";

async function pictures(): Promise<string> {
  return await writeFiles(temporaryFolder(), {
    "one/street.jpg": await picture("street.jpg", 80, 60),
    "two/street.png": await picture("street.png", 40, 30),
    "two/other.jpg": await picture("other.jpg", 40, 30),
  });
}

test("every picture is drawn, and all that was found stands in detections.json", async () => {
  const dir = await pictures();
  const out = join(temporaryFolder(), "new", "folder");
  const detector = smallDetector();
  const images = ["one/street.jpg", "two/street.png", "two/other.jpg"].map((name) =>
    join(dir, name),
  );
  const results = await annotate(detector, images, out, { minScore: 0.3 });
  expect(results.map(({ image }) => image)).toEqual(images);
  // Pictures of one name do not overwrite each other.
  const names = ["street.png", "street-2.png", "other.png"];
  expect(results.map(({ drawing }) => drawing)).toEqual(names.map((name) => join(out, name)));
  expect((await readdir(out)).sort()).toEqual([...names, "detections.json"].sort());
  expect(JSON.parse(await readFile(join(out, "detections.json"), "utf8"))).toEqual({
    images: results,
  });
  for (const { image, drawing, detections } of results) {
    const [before, after] = await Promise.all(
      [image, drawing].map((file) => sharp(file).metadata()),
    );
    expect([after!.width, after!.height, after!.format]).toEqual([
      before!.width,
      before!.height,
      "png",
    ]);
    expect(await detector.detect(image, { minScore: 0.3 })).toEqual(detections);
  }
});

test("what is found is drawn over the picture, and nothing else is", async () => {
  const dir = await pictures();
  const image = join(dir, "two/street.png");
  const detector = smallDetector();
  const pixels = async (minScore: number) => {
    const [{ drawing, detections }] = (await annotate(detector, [image], temporaryFolder(), {
      minScore,
    })) as [Awaited<ReturnType<typeof annotate>>[number]];
    return { drawn: await sharp(drawing).removeAlpha().raw().toBuffer(), detections };
  };
  const plain = await sharp(image).removeAlpha().raw().toBuffer();
  const none = await pixels(1);
  expect(none.detections).toEqual([]);
  expect(none.drawn.equals(plain)).toBe(true);
  const some = await pixels(0.2);
  expect(some.detections.length).toBeGreaterThan(0);
  expect(some.drawn.equals(plain)).toBe(false);
});

test("a picture that cannot be decoded, and a folder that cannot be written", async () => {
  const dir = await pictures();
  const bad = join(dir, "bad.jpg");
  await writeFile(bad, "text");
  const detector = smallDetector();
  await expect(annotate(detector, [bad], temporaryFolder())).rejects.toEqual(
    failure("BAD_DATA", bad),
  );
  const below = join(bad, "out");
  await expect(annotate(detector, [], below)).rejects.toEqual(failure("BAD_OPTION", below));
  const out = temporaryFolder();
  await mkdir(join(out, "detections.json"));
  await expect(annotate(detector, [], out)).rejects.toEqual(
    failure("BAD_OPTION", join(out, "detections.json")),
  );
});
