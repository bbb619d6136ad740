/** UTF-8, RFC 3629: no overlong forms, no surrogates, nothing beyond U+10FFFF. Bytes behind the text are NUL. */

// @ts-ignore: decorator
@inline
function follows(p: usize): bool {
  return (load<u8>(p) & 0xc0) == 0x80;
}

/** Pointer behind the sequence at p, whose first byte is not ASCII; 0 when it is not well-formed. */
export function utf8Sequence(p: usize): usize {
  const first = <u32>load<u8>(p);
  const second = <u32>load<u8>(p, 1);
  if (first < 0xc2) return 0;
  if (first < 0xe0) return (second & 0xc0) == 0x80 ? p + 2 : 0;
  if (first < 0xf0) {
    const lowest: u32 = first == 0xe0 ? 0xa0 : 0x80;
    const highest: u32 = first == 0xed ? 0x9f : 0xbf;
    return second >= lowest && second <= highest && follows(p + 2) ? p + 3 : 0;
  }
  if (first < 0xf5) {
    const lowest: u32 = first == 0xf0 ? 0x90 : 0x80;
    const highest: u32 = first == 0xf4 ? 0x8f : 0xbf;
    return second >= lowest && second <= highest && follows(p + 2) && follows(p + 3) ? p + 4 : 0;
  }
  return 0;
}

/** Pointer to the first byte in [p, end) that is not UTF-8, or 0. */
export function utf8Fault(p: usize, end: usize): usize {
  while (p < end) {
    if (p + 16 <= end && !v128.any_true(v128.and(v128.load(p), i8x16.splat(-128)))) {
      p += 16;
      continue;
    }
    if (load<u8>(p) < 0x80) {
      p++;
      continue;
    }
    const next = utf8Sequence(p);
    if (next == 0 || next > end) return p;
    p = next;
  }
  return 0;
}
