import { expect, test } from "vitest";
import { findEngines, fittingMinors } from "../../../lib/libtorch/engines.js";
import { minorOf, pinnedVersion } from "../../../lib/libtorch/version.js";
import { failure } from "../../support/small.js";
import { temporaryFolder, writeTree } from "../../support/temporary.js";

const shipped = `prebuilds/${process.platform}-${process.arch}`;

test("engines for several versions lie side by side, each with its kernels", () => {
  const root = writeTree(temporaryFolder(), {
    [`${shipped}/libssd_distill-torch2.13.so`]: "",
    [`${shipped}/libssd_distill-torch2.11.so`]: "",
    [`${shipped}/libssd_distill_cuda-torch2.11.so`]: "",
    [`${shipped}/ssd-distill.glibc.node`]: "",
  });
  const at = (name: string) => `${root}/${shipped}/${name}`;
  expect(Object.fromEntries(findEngines(root))).toEqual({
    "2.11": {
      engine: at("libssd_distill-torch2.11.so"),
      kernels: at("libssd_distill_cuda-torch2.11.so"),
    },
    "2.13": { engine: at("libssd_distill-torch2.13.so"), kernels: undefined },
  });
});

test("what was built here comes before what was shipped, with the kernels that were built with it", () => {
  const root = writeTree(temporaryFolder(), {
    [`${shipped}/libssd_distill-torch2.13.so`]: "",
    [`${shipped}/libssd_distill_cuda-torch2.13.so`]: "",
    "build/Release/libssd_distill-torch2.13.so": "",
  });
  expect([...findEngines(root)]).toEqual([
    ["2.13", { engine: `${root}/build/Release/libssd_distill-torch2.13.so`, kernels: undefined }],
  ]);
});

test("no engine at all is an error that says how to get one", () => {
  const root = temporaryFolder();
  expect(() => findEngines(root)).toThrow(failure("NO_LIBTORCH", root, "build:from-source"));
});

test("the versions that fit are those of the engines here", () => {
  expect(fittingMinors()).toEqual([...findEngines().keys()]);
  expect(fittingMinors(temporaryFolder())).toEqual([minorOf(pinnedVersion)]);
});
