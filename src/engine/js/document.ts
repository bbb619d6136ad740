import { tooDeep } from '../../ports/limits.js';
import { excerpt, Problem } from '../../ports/problem.js';

/** The bytes as a JSON document. Throws 400 codes: empty, invalid UTF-8, not JSON, a bare scalar, nested too deep. */
export function parseDocument(body: Uint8Array, maxDepth: number): { text: string; document: object } {
  if (body.length === 0) throw new Problem('invalid_json', 'expected a JSON document, got an empty body');
  refuseDeepPrefix(body, maxDepth);
  const text = utf8(body);
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new Problem('invalid_json', `expected a JSON document, got a syntax error: ${reason(error)}`);
  }
  if (typeof document !== 'object' || document === null) {
    const kind = document === null ? 'null' : `a bare ${typeof document}`;
    throw new Problem('invalid_json', `expected a JSON object, got ${kind}`);
  }
  return { text, document };
}

const PREFIX = 64 * 1024;
const [QUOTE, BACKSLASH] = [0x22, 0x5c];
const OPEN: readonly number[] = [0x5b, 0x7b];
const CLOSE: readonly number[] = [0x5d, 0x7d];

/** Nesting in the first 64 KiB, before anything is built of it: the parser needs tens of milliseconds for 200,000 levels. */
function refuseDeepPrefix(body: Uint8Array, maxDepth: number): void {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < Math.min(body.length, PREFIX); at++) {
    const byte = body[at]!;
    if (inString) {
      if (byte === BACKSLASH) at++;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) {
      inString = true;
    } else if (byte === OPEN[0] || byte === OPEN[1]) {
      if (++depth > maxDepth) throw tooDeep(maxDepth);
    } else if (byte === CLOSE[0] || byte === CLOSE[1]) {
      depth--;
    }
  }
}

/** Throws 400 `invalid_utf8`. A byte order mark is left out. */
export function utf8(body: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch (error) {
    if (error instanceof RangeError) {
      throw new Problem('too_large', 'expected JSON text of at most 512 MiB, got more');
    }
    throw new Problem('invalid_utf8', 'expected UTF-8, got bytes that are not');
  }
}

function reason(error: unknown): string {
  // V8 quotes the input in some messages: cut what it quotes.
  return error instanceof Error ? excerpt(error.message.replace(/, ?".*$/su, '')) : 'unknown';
}

/**
 * Whether the text holds an integer literal that float64 cannot: asked only when a parsed value is beyond 2^53, since
 * JSON.parse has rounded by then.
 */
export function hasInexactInteger(text: string): boolean {
  for (const [literal] of text.matchAll(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/gsu)) {
    if (literal.length >= 16 && /^-?\d+$/u.test(literal) && BigInt(Number(literal)) !== BigInt(literal))
      return true;
  }
  return false;
}
