import type { CsvFault } from '../csv.js';

const [QUOTE, COMMA, LF, CR] = [0x22, 0x2c, 0x0a, 0x0d];

/**
 * The first place where bytes of UTF-8 are no CSV, or a line is longer than the first: a plain walk, for csv-parse says
 * neither the byte nor everything that is wrong. `width` is the number of fields of the first line.
 */
export function findFault(body: Uint8Array): { fault: CsvFault; at: number; width: number } | null {
  const newline = (at: number): boolean => body[at] === LF || body[at] === CR;
  const behind = (at: number): boolean => at >= body.length || body[at] === COMMA || newline(at);
  let at = body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? 3 : 0;
  let width = 0;
  for (;;) {
    while (newline(at)) at++;
    if (at >= body.length) break;
    for (let count = 1; ; count++) {
      if (width > 0 && count > width) return { fault: 'longLine', at, width };
      const start = at;
      if (body[at] === QUOTE) {
        at++;
        while (at < body.length && (body[at] !== QUOTE || body[at + 1] === QUOTE))
          at += body[at] === QUOTE ? 2 : 1;
        if (at >= body.length) return { fault: 'quoteOpen', at: start, width };
        if (!behind(++at)) return { fault: 'behindQuote', at, width };
      } else {
        while (!behind(at) && body[at] !== QUOTE) at++;
        if (body[at] === QUOTE) return { fault: 'quoteInside', at, width };
      }
      if (body[at] === COMMA) {
        at++;
        continue;
      }
      if (width === 0) width = count;
      break;
    }
  }
  return width === 0 ? { fault: 'noHeader', at: body.length, width } : null;
}
