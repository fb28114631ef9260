/** Takes the content-encoding off a captured body. Runs on the observe thread, so what it may cost is bounded. */
import {
  brotliDecompressSync,
  constants,
  gunzipSync,
  inflateRawSync,
  inflateSync,
  zstdDecompressSync,
} from 'node:zlib';

/** Measured at this size: at most 20 ms (br); a body of 1 KiB takes 10 to 25 µs. */
export const MAX_DECODED_BYTES = 4 * 1024 * 1024;
/** More layers than one are rare, more than two a way to make a little grow to much. */
const MAX_LAYERS = 2;

type Decoder = (bytes: Buffer, maxOutputLength: number) => Buffer;

const DECODERS: ReadonlyMap<string, Decoder> = new Map<string, Decoder>([
  ['gzip', (bytes, maxOutputLength) => gunzipSync(bytes, { maxOutputLength })],
  ['x-gzip', (bytes, maxOutputLength) => gunzipSync(bytes, { maxOutputLength })],
  ['br', (bytes, maxOutputLength) => brotliDecompressSync(bytes, { maxOutputLength })],
  [
    'deflate',
    (bytes, maxOutputLength) => (hasZlibHeader(bytes) ? inflateSync : inflateRawSync)(bytes, { maxOutputLength }),
  ],
  [
    'zstd',
    // RFC 9659: a window of at most 8 MiB; a frame may otherwise make us set 128 MiB aside
    (bytes, maxOutputLength) =>
      zstdDecompressSync(bytes, { maxOutputLength, params: { [constants.ZSTD_d_windowLogMax]: 23 } }),
  ],
]);

/**
 * `bytes` without its encodings, of at most `maxBytes` after each of them; or why not: `encoded` = an encoding we do not
 * know, or more than two; `too-large` = more comes out than may; `undecodable` = the bytes are not what they say.
 */
export function decodeBody(
  bytes: Buffer,
  contentEncoding: string,
  maxBytes = MAX_DECODED_BYTES,
): Buffer | 'encoded' | 'too-large' | 'undecodable' {
  const names = contentEncoding
    .toLowerCase()
    .split(',')
    .map((name) => name.trim());
  const layers = names.filter((name) => name !== '' && name !== 'identity').reverse();
  // an answer to HEAD, or a 304, names an encoding and has no body
  if (layers.length === 0 || bytes.length === 0) return bytes;
  const decoders = layers.flatMap((name) => DECODERS.get(name) ?? []);
  if (decoders.length < layers.length || layers.length > MAX_LAYERS) return 'encoded';
  try {
    return decoders.reduce((encoded, decode) => decode(encoded, maxBytes), bytes);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? 'too-large' : 'undecodable';
  }
}

/** `deflate` means the zlib format (RFC 9110, 8.4.1.2), but some servers send the bare stream. */
function hasZlibHeader(bytes: Buffer): boolean {
  return bytes.length >= 2 && (bytes.readUInt8(0) & 0x0f) === 8 && bytes.readUInt16BE(0) % 31 === 0;
}
