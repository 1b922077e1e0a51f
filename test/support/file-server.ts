import { createHash } from "node:crypto";
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** An HTTP server on this machine for the time of a test. @returns Its address, without a slash. */
export async function serve(
  listener: RequestListener,
  prepare: (server: ReturnType<typeof createServer>) => void = () => {},
): Promise<string> {
  const server = createServer(listener);
  prepare(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** How {@link sendFile} treats a request. */
export interface Manners {
  /** Sends what is asked for, or the whole file always. */
  ranges?: boolean;
  /** Breaks the connection after so many bytes. */
  cut?: number;
  /** What it says the file's size is. */
  claimed?: number;
}

/** Answers a request for a file, as good and bad servers do. */
export function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  content: Buffer,
  { ranges = true, cut, claimed = content.length }: Manners = {},
): void {
  const etag = `"${createHash("sha256").update(content).digest("hex")}"`;
  const { range, "if-range": wanted = etag } = request.headers;
  const asked = ranges && range !== undefined && wanted === etag;
  const start = asked ? Number(/\d+/.exec(range)?.[0]) : 0;
  response.setHeader("etag", etag);
  if (start >= content.length) {
    response.writeHead(416).end();
    return;
  }
  const rest = content.subarray(start);
  response.statusCode = asked ? 206 : 200;
  if (asked) response.setHeader("content-range", `bytes ${start}-${claimed - 1}/${claimed}`);
  response.setHeader("content-length", claimed - start);
  if (cut === undefined && claimed === content.length) response.end(rest);
  else response.write(rest.subarray(0, cut), () => setTimeout(() => response.destroy(), 20));
}
