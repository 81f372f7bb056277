/**
 * How the daemon talks to a model process over its standard input and output, whatever language it is written in:
 * length of the head and of the body (two unsigned 32-bit little-endian integers), the head as JSON, the body as bytes.
 */
const PREFIX_BYTES = 8;
const MAX_HEAD_BYTES = 1 << 20;
const MAX_BODY_BYTES = 1 << 29;

/** One message: a small JSON object, and bytes that stay as they are. */
export interface Frame {
  readonly head: unknown;
  readonly body: Buffer;
}

/** @returns the parts to write, in order */
export function encodeFrame(head: object, body: Uint8Array): [Buffer, Uint8Array] {
  const json = Buffer.from(JSON.stringify(head));
  const start = Buffer.allocUnsafe(PREFIX_BYTES + json.length);
  start.writeUInt32LE(json.length, 0);
  start.writeUInt32LE(body.length, 4);
  json.copy(start, PREFIX_BYTES);
  return [start, body];
}

/** Cuts a stream of bytes into frames. */
export class FrameReader {
  #chunks: Buffer[] = [];
  #size = 0;
  /** Bytes to wait for before looking again. */
  #wanted = PREFIX_BYTES;

  /**
   * @returns the frames that `chunk` completed
   * @throws Error when the stream holds something else than frames
   */
  push(chunk: Buffer): Frame[] {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    const frames: Frame[] = [];
    while (this.#size >= this.#wanted) {
      const frame = this.#take();
      if (frame) frames.push(frame);
    }
    return frames;
  }

  /** The next frame, or undefined once its length is known but its end has not come yet. */
  #take(): Frame | undefined {
    const bytes = Buffer.concat(this.#chunks, this.#size);
    const headLength = bytes.readUInt32LE(0);
    const bodyLength = bytes.readUInt32LE(4);
    if (headLength > MAX_HEAD_BYTES || bodyLength > MAX_BODY_BYTES)
      throw new Error(`a frame announces ${headLength} and ${bodyLength} bytes`);
    const end = PREFIX_BYTES + headLength + bodyLength;
    const complete = bytes.length >= end;
    this.#wanted = complete ? PREFIX_BYTES : end;
    this.#keep(complete ? bytes.subarray(end) : bytes);
    if (!complete) return undefined;
    const bodyStart = PREFIX_BYTES + headLength;
    return {
      head: JSON.parse(bytes.toString('utf8', PREFIX_BYTES, bodyStart)),
      body: bytes.subarray(bodyStart, end),
    };
  }

  #keep(rest: Buffer): void {
    this.#chunks = rest.length > 0 ? [rest] : [];
    this.#size = rest.length;
  }
}
