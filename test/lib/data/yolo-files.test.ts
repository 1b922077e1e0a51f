import { describe, expect, test } from "vitest";
import { labelPaths } from "../../../lib/data/yolo-files.js";

describe("labelPaths: the last folder images is labels", () => {
  test.each<[string, string, string[]]>([
    ["/d/images/train/a.jpg", "/d", ["/d/labels/train/a.txt"]],
    ["/d/train/images/a.b.jpg", "/d", ["/d/train/labels/a.b.txt"]],
    ["/d/images/x/images/a.jpg", "/d", ["/d/images/x/labels/a.txt"]],
    ["/d/images.old/a.jpg", "/d", ["/d/images.old/a.txt"]],
    ["/d/a.jpg", "/d", ["/d/a.txt"]],
    ["/images/d/x/a.jpg", "/images/d", ["/labels/d/x/a.txt", "/images/d/x/a.txt"]],
    ["/d/images/train/a.jpg", "/d/images", ["/d/labels/train/a.txt", "/d/images/train/a.txt"]],
  ])("%s in %s", (image, root, expected) => {
    expect(labelPaths(image, root)).toEqual(expected);
  });
});
