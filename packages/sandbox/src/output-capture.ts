/**
 * Keeps the first bytes of a stream and counts the rest.
 *
 * O1 memory is bounded by the cap, whatever the writer sends; the stream never stops flowing, so no writer blocks on us.
 * O2 a cut never splits a code point: the N of the marker is the exact number of bytes kept.
 * O3 invalid UTF-8 becomes replacement characters; the marker is appended after decoding.
 */
export class OutputCapture {
  readonly #cap: number;
  #buffer = Buffer.alloc(0);
  #kept = 0;
  #seen = 0;

  constructor(cap: number) {
    this.#cap = cap;
  }

  /** Takes a chunk: copies what fits, so that a million one-byte chunks cost no more than one large chunk. */
  write(chunk: Buffer): void {
    this.#seen += chunk.length;
    const part = chunk.subarray(0, this.#cap - this.#kept);
    if (part.length === 0) return;
    this.#reserve(this.#kept + part.length);
    this.#kept += part.copy(this.#buffer, this.#kept);
  }

  #reserve(size: number): void {
    if (size <= this.#buffer.length) return;
    const larger = Buffer.alloc(Math.min(this.#cap, Math.max(size, this.#buffer.length * 2, 4096)));
    this.#buffer.copy(larger, 0, 0, this.#kept);
    this.#buffer = larger;
  }

  /** Bytes that the writer sent, kept or not. */
  get bytesSeen(): number {
    return this.#seen;
  }

  text(): string {
    const bytes = this.#buffer.subarray(0, this.#kept);
    if (this.#seen <= this.#kept) return DECODER.decode(bytes);
    const whole = bytes.subarray(0, bytes.length - unfinishedTail(bytes));
    const text = DECODER.decode(whole);
    return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}[TRUNCATED at ${String(whole.length)} bytes]`;
  }
}

const DECODER = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true });

/** Length of the code point that starts but does not end in the last three bytes; 0 when there is none. */
function unfinishedTail(bytes: Uint8Array): number {
  for (let length = 1; length <= Math.min(3, bytes.length); length += 1) {
    const byte = bytes[bytes.length - length] ?? 0;
    if (byte >= 0xc0) return sequenceLength(byte) > length ? length : 0;
    if (byte < 0x80) return 0;
  }
  return 0;
}

/** Bytes of the code point that a lead byte announces; 1 for a byte that can lead none. */
function sequenceLength(lead: number): number {
  if (lead < 0xc2 || lead > 0xf4) return 1;
  if (lead >= 0xf0) return 4;
  return lead >= 0xe0 ? 3 : 2;
}
