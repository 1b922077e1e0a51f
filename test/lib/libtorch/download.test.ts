import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import type { RequestListener } from "node:http";
import { basename, join } from "node:path";
import fc from "fast-check";
import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { downloadUrl, sha256Of } from "../../../lib/libtorch/download.js";
import { type Manners, sendFile, serve } from "../../support/file-server.js";
import { temporaryFolder } from "../../support/temporary.js";

const body = Buffer.from(Array.from({ length: 1_000_000 }, (_, i) => (i * i) % 251));
const quiet = { onProgress: () => {} };

beforeEach(() => {
  for (const name of ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"]) {
    vi.stubEnv(name, undefined);
    vi.stubEnv(name.toLowerCase(), undefined);
  }
});

function places(kept = temporaryFolder()) {
  return { folder: temporaryFolder(), kept };
}

/** Serves the file with other manners each time, the last for ever; keeps the ranges asked for. */
async function mannered(manners: Manners[], content = (_request: number) => body) {
  const ranges: (string | undefined)[] = [];
  const address = await serve((request, response) => {
    const count = ranges.push(request.headers.range) - 1;
    sendFile(request, response, content(count), manners[Math.min(count, manners.length - 1)]);
  });
  return { url: `${address}/file.zip`, ranges };
}

test("a file arrives whole, under the decoded name, with its progress", async () => {
  const address = await serve((request, response) => sendFile(request, response, body));
  const lines: string[] = [];
  const watch = { onProgress: (line: string) => lines.push(line) };
  const path = await downloadUrl(`${address}/a/torch-2.13.0%2Bcpu.zip?x=1`, places(), watch);
  expect(basename(path)).toBe("torch-2.13.0+cpu.zip");
  expect(readFileSync(path).equals(body)).toBe(true);
  expect(lines.at(-1)).toBe("torch-2.13.0+cpu.zip: 100 % of 1 MB");
});

test("a redirect is followed", async () => {
  const url = await serve((request, response) => {
    if (request.url === "/to") sendFile(request, response, body);
    else response.writeHead(302, { location: "/to" }).end();
  });
  const path = await downloadUrl(`${url}/from.zip`, places(), quiet);
  expect(readFileSync(path).equals(body)).toBe(true);
});

test("however often and wherever the connection breaks, the file arrives whole", async () => {
  const cuts = fc.array(fc.integer({ min: 1, max: 400_000 }), { maxLength: 4 });
  const property = fc.asyncProperty(cuts, fc.boolean(), async (at, ranges) => {
    const broken = at.map((cut) => ({ ranges, cut }));
    const { url } = await mannered([...broken, { ranges }]);
    const path = await downloadUrl(url, places(), quiet);
    expect(readFileSync(path).equals(body)).toBe(true);
  });
  await fc.assert(property, { numRuns: 20 });
}, 60_000);

test("a broken connection is taken up where it broke", async () => {
  const { url, ranges } = await mannered([{ cut: 300_000 }, { cut: 200_000 }, {}]);
  await downloadUrl(url, places(), quiet);
  expect(ranges).toHaveLength(3);
  expect(ranges[0]).toBeUndefined();
  const starts = ranges.slice(1).map((range) => Number(/^bytes=(\d+)-$/.exec(range!)?.[1]));
  // As much as had been read when it broke; of a short connection that may be nothing.
  expect(starts[0]).toBeGreaterThan(0);
  expect(starts[0]).toBeLessThanOrEqual(300_000);
  expect(starts[1]).toBeGreaterThanOrEqual(starts[0]!);
  expect(starts[1]).toBeLessThanOrEqual(starts[0]! + 200_000);
});

test("another file at the same address is taken from its beginning", async () => {
  const other = Buffer.from(body.map((byte) => 255 - byte));
  const { url } = await mannered([{ cut: 300_000 }, {}], (request) =>
    request === 0 ? body : other,
  );
  expect(readFileSync(await downloadUrl(url, places(), quiet)).equals(other)).toBe(true);
});

test("what came of a download that failed is gone on with by the next", async () => {
  const kept = temporaryFolder();
  let broken = true;
  const asked: (string | undefined)[] = [];
  const url = await serve((request, response) => {
    asked.push(request.headers.range);
    if (!broken) sendFile(request, response, body);
    else if (asked.length === 1) sendFile(request, response, body, { cut: 300_000 });
    else response.destroy();
  });
  await expect(downloadUrl(`${url}/file.zip`, places(kept), quiet)).rejects.toThrow(url);
  expect(readdirSync(kept)).toEqual([expect.stringMatching(/^\.partial-/)]);
  broken = false;
  const path = await downloadUrl(`${url}/file.zip`, places(kept), quiet);
  expect(asked.at(-1)).toMatch(/^bytes=[1-9]/);
  expect(readFileSync(path).equals(body)).toBe(true);
  expect(readdirSync(kept)).toEqual([]);
}, 30_000);

test("two at a time do not disturb each other", async () => {
  const kept = temporaryFolder();
  const { url } = await mannered([{ cut: 100_000 }, { cut: 200_000 }, {}]);
  const paths = await Promise.all([1, 2].map(() => downloadUrl(url, places(kept), quiet)));
  expect(paths[0]).not.toBe(paths[1]);
  for (const path of paths) expect(readFileSync(path).equals(body)).toBe(true);
});

test.each<[string, RequestListener, RegExp]>([
  ["404", (_, response) => response.writeHead(404).end(), /HTTP 404 Not Found/],
  ["503 again and again", (_, response) => response.writeHead(503).end(), /HTTP 503/],
  ["a connection that breaks at once", (_, response) => response.destroy(), /closed|terminated/],
  [
    "a length that is not the file's",
    (request, response) => sendFile(request, response, body, { claimed: 2 * body.length }),
    /terminated|closed|HTTP 416/,
  ],
  [
    "a file larger than the disk",
    (_, response) => response.writeHead(200, { "content-length": 1e18 }).write("x"),
    /expected 1000000 TB free in .* to download it, got .*SSD_DISTILL_CACHE/,
  ],
])(
  "%s is an error that names the address",
  async (_what, listener, message) => {
    const url = `${await serve(listener)}/x.zip`;
    const failed = await downloadUrl(url, places(), quiet).catch((error) => error);
    expect(failed.message).toContain(url);
    expect(failed.message).toMatch(message);
  },
  30_000,
);

test("a proxy is asked unless NO_PROXY names the host", async () => {
  const direct = await serve((request, response) => sendFile(request, response, body));
  const tunnels: (string | undefined)[] = [];
  const proxy = await serve(
    (request, response) => {
      tunnels.push(request.url);
      sendFile(request, response, body);
    },
    (server) =>
      server.on("connect", (request, socket) => {
        tunnels.push(request.url);
        socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
      }),
  );
  vi.stubEnv("HTTP_PROXY", proxy);
  vi.stubEnv("HTTPS_PROXY", proxy);
  const failed = downloadUrl("https://pytorch.invalid/x.zip", places(), quiet);
  await expect(failed).rejects.toThrow("https://pytorch.invalid/x.zip");
  expect(tunnels).toEqual(["pytorch.invalid:443"]);
  vi.stubEnv("NO_PROXY", "127.0.0.1");
  const path = await downloadUrl(`${direct}/x.zip`, places(), quiet);
  expect(readFileSync(path).equals(body)).toBe(true);
  expect(tunnels).toHaveLength(1);
});

test("a host that does not answer is given up after ten seconds", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  let arrived = () => {};
  const arrival = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  const url = `${await serve(() => arrived())}/x.zip`;
  const failed = expect(downloadUrl(url, places(), quiet)).rejects.toThrow(/no answer in time/);
  await arrival;
  vi.advanceTimersByTime(10_001);
  await failed;
});

test("a signal stops it, and what came is kept", async () => {
  const controller = new AbortController();
  const { url } = await mannered([{ cut: 300_000 }]);
  const kept = temporaryFolder();
  const onProgress = (line: string) => {
    if (line.includes("going on")) controller.abort();
  };
  const stopped = downloadUrl(url, places(kept), { onProgress, signal: controller.signal });
  await expect(stopped).rejects.toThrow(/abort/);
  const [name] = readdirSync(kept);
  expect(existsSync(join(kept, name!, "file.zip"))).toBe(true);
});

test("sha256 is that of the content", async () => {
  const path = join(temporaryFolder(), "file");
  writeFileSync(path, body);
  expect(await sha256Of(path)).toBe(createHash("sha256").update(body).digest("hex"));
});
