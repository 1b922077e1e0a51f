/**
 * Memory that one picture after the other is decoded into, where its pixels are held elsewhere then: a
 * new half megabyte for each would keep the garbage collector as busy as the decoder.
 */
export class Room {
  private memory = new Uint8Array();

  /** So many bytes, of any content. They are another's with the next call. */
  for(bytes: number): Uint8Array {
    if (this.memory.length < bytes) this.memory = Buffer.allocUnsafeSlow(bytes);
    return this.memory.subarray(0, bytes);
  }
}
