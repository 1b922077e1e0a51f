import { expect, test } from "vitest";
import { disjointSets, isSplitName } from "../../../lib/data/splits.js";

test("trainval is train and val: it stands for them where one is missing", () => {
  expect(disjointSets(["test", "train", "trainval", "val"])).toEqual(["train", "val", "test"]);
  expect(disjointSets(["train", "trainval", "test"])).toEqual(["trainval", "test"]);
  expect(disjointSets(["val", "trainval"])).toEqual(["trainval"]);
  expect(disjointSets(["trainval"])).toEqual(["trainval"]);
  expect(disjointSets(["train", "test"])).toEqual(["train", "test"]);
});

test("names tell: other spellings do, lists of a class and folds do not", () => {
  expect(disjointSets(["Training", "valid", "testing"])).toEqual(["Training", "valid", "testing"]);
  expect(disjointSets(["car_train", "car_val", "default", "fold1", "train2017"])).toEqual([]);
  const known = ["train", "training", "val", "valid", "validation", "dev", "trainval", "test"];
  expect(known.filter(isSplitName)).toEqual(known);
  expect(["images", "vali", "trainings", "mytest", ""].filter(isSplitName)).toEqual([]);
});
