import { inBytes } from "./pack-space.js";

/** What is told while pictures are got ready, in order. */
export type PackEvent =
  /** Before the work: what it will take, and what there is (bytes of the disk, or of memory). */
  | { kind: "space"; pictures: number; bytes: number; free: number }
  /** Another process makes the same pack; this one waits for it. */
  | { kind: "wait"; file: string }
  /** Pictures whose pixels were held against their checksums. */
  | { kind: "verify"; done: number; total: number }
  /** Pictures that are decoded, those of an earlier attempt included. */
  | { kind: "pack"; done: number; total: number }
  /** Pictures are decoded on the fly, because the disk is short. */
  | { kind: "feed"; reason: string };

/** The events that are a sentence rather than a count. */
export function packSentence(event: PackEvent): string | undefined {
  switch (event.kind) {
    case "space": {
      const { pictures, bytes, free } = event;
      return `${pictures.toLocaleString("en")} pictures, ${inBytes(bytes)} decoded, ${inBytes(free)} free`;
    }
    case "wait":
      return `Waiting for another process that packs the same pictures (${event.file})`;
    case "feed":
      return `Decoding on the fly: ${event.reason}`;
    default:
      return undefined;
  }
}
