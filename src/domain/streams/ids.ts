import type { Table } from '../../ports/tables.js';
import { excerpt } from '../../ports/problem.js';
import { eachCell, eachNumber, type Rejections } from './records.js';

/** Hashes of 64 bits as their halves, one of each a record. */
export interface IdHashes {
  readonly low: Uint32Array;
  readonly high: Uint32Array;
}

const number = new Float64Array(1);
const halves = new Uint32Array(number.buffer);

/**
 * Hashes of what names each record: of text, of numbers that float64 holds exactly, of booleans. A record without one is
 * rejected. Two of n different ids have the same hash with a probability of n²/2^65: one in 37 million of a million.
 */
export function hashIds(table: Table, name: string, rejections: Rejections): IdHashes {
  const hashes: IdHashes = { low: new Uint32Array(table.rows), high: new Uint32Array(table.rows) };
  const said = JSON.stringify(excerpt(name, 60));
  const refuse = (row: number, got: string): void => {
    rejections.add(row, `expected an id in column ${said}, got ${got}`);
  };
  const ofNumber = (row: number, value: number): void => {
    if (value !== value) refuse(row, 'none');
    else if (!(Math.abs(value) <= Number.MAX_SAFE_INTEGER))
      refuse(row, 'a number beyond 2^53, which float64 may not tell from the next: send it as text');
    else {
      number[0] = value + 0;
      mix(hashes, row, halves[0]!, halves[1]!, 1);
    }
  };
  if (!table.names.includes(name)) {
    for (let row = 0; row < table.rows; row++) refuse(row, 'no such column');
    return hashes;
  }
  const column = table.column(name);
  if ('numbers' in column && column.type === 'number') eachNumber(column, ofNumber);
  else
    eachCell(column, (row, cell) => {
      if (cell === null) refuse(row, 'none');
      else if (typeof cell === 'number') ofNumber(row, cell);
      else {
        const text = String(cell);
        let a = 0x5eadbeef;
        let b = 0x41c6ce57;
        for (let i = 0; i < text.length; i++) {
          const unit = text.charCodeAt(i);
          a = Math.imul(a ^ unit, 0x9e3779b1);
          a ^= a >>> 15;
          b = Math.imul(b ^ unit, 0x5f356495);
          b ^= b >>> 13;
        }
        mix(hashes, row, a, b, text.length + 2);
      }
    });
  return hashes;
}

/** Writes two words, each bit of which turns about half of theirs: rounds of MurmurHash3's finalizer. */
function mix({ low, high }: IdHashes, row: number, x: number, y: number, z: number): void {
  let a = finished(0x243f6a88 ^ x);
  let b = finished(0x85a308d3 + Math.imul(x, 0x9e3779b1) + a);
  a = finished(a ^ y);
  b = finished(b + Math.imul(y, 0x9e3779b1) + a);
  a = finished(a ^ z);
  b = finished(b + Math.imul(z, 0x9e3779b1) + a);
  a = finished(a + b);
  low[row] = a;
  high[row] = finished(b ^ a);
}

function finished(word: number): number {
  let x = word ^ (word >>> 16);
  x = Math.imul(x, 0x85ebca6b);
  x ^= x >>> 13;
  x = Math.imul(x, 0xc2b2ae35);
  return x ^ (x >>> 16);
}

/** A set of 64-bit hashes. Open addressing; 0 is a member of its own. */
export class HashSet {
  readonly #low: Uint32Array;
  readonly #high: Uint32Array;
  readonly #mask: number;
  #hasZero = false;

  /** For at most `most` members. */
  constructor(most: number) {
    const places = 2 ** Math.ceil(Math.log2(Math.max(16, 2 * most)));
    this.#low = new Uint32Array(places);
    this.#high = new Uint32Array(places);
    this.#mask = places - 1;
  }

  /** Whether it was not in. */
  add(low: number, high: number): boolean {
    if (low === 0 && high === 0) {
      const isNew = !this.#hasZero;
      this.#hasZero = true;
      return isNew;
    }
    for (let place = low & this.#mask; ; place = (place + 1) & this.#mask) {
      const [a, b] = [this.#low[place]!, this.#high[place]!];
      if (a === low && b === high) return false;
      if (a !== 0 || b !== 0) continue;
      this.#low[place] = low;
      this.#high[place] = high;
      return true;
    }
  }
}
