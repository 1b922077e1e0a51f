/** A member of a ZIP file as a test wants it, also as no honest program would write it. */
export interface ZipMember {
  name: string;
  /** Content, as bytes or as text. */
  data?: Uint8Array;
  text?: string;
  /** Unix mode with its file type, for example 0o120777 for a symbolic link. */
  mode?: number;
  /** A checksum that does not fit, when given. */
  crc?: number;
  /** Compressed, not stored as it is. */
  deflate?: boolean;
}

/** A ZIP file in memory; names are not looked at. */
export function zip(members: readonly ZipMember[]): Buffer;

/** The members of a sound ZIP file. */
export function unzip(bytes: Buffer): Required<Pick<ZipMember, "name" | "data" | "deflate">>[];
