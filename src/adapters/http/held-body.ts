import type { Landing } from '../../ports/lanes.js';

/** A body that is kept here until a lane takes it, and longer: it may have to be folded again. */
export interface HeldBody extends Landing {
  /** All of it. */
  readonly bytes: Uint8Array;
}

/** Room for a body of about so many bytes. */
export function heldBody(expected: number): HeldBody {
  let bytes = Buffer.allocUnsafe(Math.max(expected, 1024));
  let length = 0;
  const place = (more: number): Uint8Array => {
    if (length + more > bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(length + more, 2 * bytes.length));
      larger.set(bytes.subarray(0, length));
      bytes = larger;
    }
    length += more;
    return bytes.subarray(length - more, length);
  };
  return {
    get bytes() {
      return bytes.subarray(0, length);
    },
    get length() {
      return length;
    },
    write(chunk) {
      place(chunk.length).set(chunk);
    },
    place,
    release: () => undefined,
  };
}
