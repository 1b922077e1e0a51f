import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { basename, join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { downloadUrl, downloadWheel, sha256Of } from "../../../lib/libtorch/download.js";
import { stubPython } from "../../support/python.js";
import { temporaryFolder } from "../../support/temporary.js";

const body = Buffer.alloc(1_000_000, "libtorch");
const quiet = { onProgress: () => {} };

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("a file arrives whole, under the decoded name, with its progress", async () => {
  const address = await serve((_, response) => {
    response.setHeader("content-length", body.length).end(body);
  });
  const lines: string[] = [];
  const watch = { onProgress: (line: string) => lines.push(line) };
  const path = await downloadUrl(
    `${address}/a/torch-2.13.0%2Bcpu.zip?x=1`,
    temporaryFolder(),
    watch,
  );
  expect(basename(path)).toBe("torch-2.13.0+cpu.zip");
  expect(readFileSync(path).equals(body)).toBe(true);
  expect(lines.at(-1)).toBe("torch-2.13.0+cpu.zip: 100 % of 1 MB");
});

test("a redirect is followed", async () => {
  const address = await serve((request, response) => {
    if (request.url === "/to") response.end(body);
    else response.writeHead(302, { location: "/to" }).end();
  });
  const path = await downloadUrl(`${address}/from.zip`, temporaryFolder(), quiet);
  expect(readFileSync(path).length).toBe(body.length);
});

test.each<[string, RequestListener, RegExp]>([
  ["404", (_, response) => response.writeHead(404).end(), /HTTP 404 Not Found/],
  [
    "a connection that breaks",
    (_, response) => {
      response.setHeader("content-length", body.length);
      response.write(body.subarray(0, 1000), () => response.destroy());
    },
    /terminated|closed|aborted/,
  ],
])("%s is an error that names the address", async (_what, listener, message) => {
  const url = `${await serve(listener)}/x.zip`;
  const failed = downloadUrl(url, temporaryFolder(), quiet);
  await expect(failed).rejects.toThrow(url);
  await expect(failed).rejects.toThrow(message);
});

test("a host that does not answer is given up after ten seconds", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  let arrived = () => {};
  const arrival = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  const url = `${await serve(() => arrived())}/x.zip`;
  const failed = expect(downloadUrl(url, temporaryFolder(), quiet)).rejects.toThrow(
    /no answer in time/,
  );
  await arrival;
  vi.advanceTimersByTime(10_001);
  await failed;
});

test("a signal stops it", async () => {
  const controller = new AbortController();
  const url = `${await serve(() => controller.abort())}/x.zip`;
  const watch = { ...quiet, signal: controller.signal };
  await expect(downloadUrl(url, temporaryFolder(), watch)).rejects.toThrow(/abort/);
});

// A pip that leaves a wheel in the folder after --dest.
const pip = 'while [ "$1" != --dest ]; do shift; done; echo wheel > "$2/torch-2.13.0+cpu.whl"';

test("pip's wheel is found", async () => {
  stubPython(pip);
  const path = await downloadWheel(temporaryFolder(), quiet);
  expect(readFileSync(path, "utf8")).toBe("wheel\n");
});

test("where pip finds no CPU wheel, PyTorch's index is asked as well", async () => {
  stubPython(`case "$*" in *download.pytorch.org/whl/cpu*) ${pip};; *) exit 1;; esac`);
  expect(await downloadWheel(temporaryFolder(), quiet)).toMatch(/\.whl$/);
});

test("a pip that fails is told with its own error", async () => {
  stubPython("echo 'ERROR: No matching distribution' >&2; exit 1");
  await expect(downloadWheel(temporaryFolder(), quiet)).rejects.toThrow(
    "python3 pip download failed: No matching distribution",
  );
});

test("sha256 is that of the content", async () => {
  const path = join(temporaryFolder(), "file");
  writeFileSync(path, body);
  expect(await sha256Of(path)).toBe(createHash("sha256").update(body).digest("hex"));
});
