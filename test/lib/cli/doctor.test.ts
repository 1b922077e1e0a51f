import { expect, test } from "vitest";
import { cli } from "../../support/cli.js";
import { temporaryFolder } from "../../support/temporary.js";

test("without LibTorch everything else is told, with what to do, and the code is 1", () => {
  const { code, out, err } = cli(["doctor", "--json"], { SSD_DISTILL_CACHE: temporaryFolder() });
  expect([code, err]).toEqual([1, ""]);
  const found = JSON.parse(out);
  expect(found).toMatchObject({
    node: process.version,
    engine: null,
    libtorch: null,
    cuda: false,
    devices: [],
  });
  expect(["libjpeg-turbo", "sharp"]).toContain(found.jpeg);
  expect(found.os).toMatch(/^Linux /);
  expect(found.threads).toBeGreaterThan(0);
  expect(found.cpu.cores).toBeGreaterThan(0);
  expect(found.problems.join("\n")).toContain("ssd-distill libtorch install");
});

test("for people it is a list", () => {
  const { code, out, err } = cli(["doctor"], { SSD_DISTILL_CACHE: temporaryFolder() });
  expect([code, err]).toEqual([1, ""]);
  expect(out).toMatch(/^libtorch {5}missing$/m);
  expect(out).toMatch(/^problem: expected LibTorch/m);
});

test("with LibTorch and the engine all is well", () => {
  const { code, out, err } = cli(["doctor", "--json"], { LIBTORCH: process.env.LIBTORCH });
  expect([code, err]).toEqual([0, ""]);
  const found = JSON.parse(out);
  expect(found.engine).toMatch(/libssd_distill-torch[\d.]+\.so$/);
  expect(found.libtorch.version).toMatch(/^\d+\.\d+/);
  expect(found.devices).toContain("cpu");
  expect(found.problems).toEqual([]);
});
