import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { crc32 } from "node:zlib";
import { type Entry, openPromise, type ZipFile } from "yauzl";
import { requireSpace } from "./space.js";

// A LibTorch ZIP keeps everything under libtorch/, a wheel under torch/ and its licences beside it.
const members = [
  /^(?:libtorch|torch)\/((?:lib|include|share)\/.*[^/]|version\.py|build-version)$/,
  /^torch-[^/]+\.dist-info\/(licenses\/.*[^/])$/,
];

// What only Python, the static linker or PyTorch's own tests open: a quarter of a ZIP's size.
const useless =
  /^lib\/(libtorch_python|libshm|lib(jitbackend|torchbind)_test|libbackend_with_compiler|libaoti_custom_ops)|^(lib|include|share)\/.*\.(a|pyi?)$/;

/**
 * Unpacks the libraries, headers, version and licences of a LibTorch ZIP or a PyTorch wheel into a folder
 * that is made if need be. Every file is held to its checksum; names that leave the folder, links
 * and names that come twice make the whole archive refused, and so does a disk that cannot take it.
 */
export async function unpackArchive(
  archive: string,
  into: string,
  signal?: AbortSignal,
): Promise<void> {
  const zip = await openPromise(archive, { lazyEntries: true, autoClose: false });
  try {
    const wanted: { entry: Entry; path: string }[] = [];
    // yauzl refuses absolute names and `..` itself, in entries that are not taken too.
    for await (const entry of zip.eachEntry()) {
      const name = members.map((pattern) => pattern.exec(entry.fileName)?.[1]).find(Boolean);
      if (name === undefined || useless.test(name)) continue;
      wanted.push({ entry, path: join(into, name) });
    }
    await checkSpace(wanted, into);
    const folders = new Set<string>();
    for (const { entry, path } of wanted) {
      signal?.throwIfAborted();
      if (!folders.has(dirname(path))) await mkdir(dirname(path), { recursive: true });
      folders.add(dirname(path));
      await extract(zip, entry, path);
    }
  } finally {
    zip.close();
  }
}

async function checkSpace(wanted: readonly { entry: Entry }[], into: string): Promise<void> {
  const need = wanted.reduce((sum, { entry }) => sum + entry.uncompressedSize, 0);
  await mkdir(into, { recursive: true });
  await requireSpace(into, need, "unpack it");
}

async function extract(zip: ZipFile, entry: Entry, path: string): Promise<void> {
  // The upper half is Unix' file mode; a link's content would be a path anywhere.
  if (((entry.externalFileAttributes >>> 16) & 0o170000) === 0o120000) {
    throw new Error(`${entry.fileName} is a symbolic link`);
  }
  const check = new Checksum();
  const source = await zip.openReadStreamPromise(entry);
  await pipeline(source, check, createWriteStream(path, { flags: "wx" }));
  if (check.value !== entry.crc32) throw new Error(`${entry.fileName} does not fit its checksum`);
}

/** Passes bytes on and keeps their CRC-32, which yauzl does not check. */
class Checksum extends Transform {
  value = 0;

  override _transform(
    chunk: Buffer,
    _encoding: BufferEncoding,
    done: (error: null, chunk: Buffer) => void,
  ): void {
    this.value = crc32(chunk, this.value);
    done(null, chunk);
  }
}
