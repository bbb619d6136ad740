import { Problem } from '../../ports/problem.js';
import type { Cell, Column } from '../../ports/tables.js';
import { refuseDepth } from '../../ports/limits.js';

const NUMBER = 1;
const BOOLEAN = 2;
const STRING = 4;

/** A column in the making: numbers go where kernels read them, other values stay in the parsed document. */
export class ColumnBuilder {
  readonly #values: Float64Array;
  #kinds = 0;
  #present = 0;
  #beyond = 0;

  constructor(
    readonly name: string,
    readonly rows: number,
    readonly depth: number,
  ) {
    this.#values = new Float64Array(rows).fill(NaN);
  }

  /** Takes the value of a row. Throws 422 codes with the pointer that `pointer()` gives. */
  add(row: number, value: unknown, pointer: () => string): void {
    switch (typeof value) {
      case 'number':
        if (!Number.isFinite(value)) {
          const detail = 'expected a number within the range of float64, got one beyond it';
          throw Problem.at(pointer(), 'number_out_of_range', detail);
        }
        if (!Number.isSafeInteger(value) && Math.abs(value) > Number.MAX_SAFE_INTEGER) this.#beyond++;
        this.#kinds |= NUMBER;
        this.#values[row] = value;
        break;
      case 'boolean':
        this.#kinds |= BOOLEAN;
        this.#values[row] = value ? 1 : 0;
        break;
      case 'string':
        this.#kinds |= STRING;
        break;
      default:
        if (value === null) return;
        refuseDepth(value, 4, this.depth);
        throw Problem.at(
          pointer(),
          'unsupported_value',
          `expected a number, string, boolean or null, got ${Array.isArray(value) ? 'an array' : 'an object'}`,
        );
    }
    this.#present++;
  }

  /** Whether a number was met that an integer literal may have lost digits in. */
  get suspicious(): boolean {
    return this.#beyond > 0;
  }

  /** The finished column; `cells` reads its values again, `inexact` whether integers lost digits. */
  finish(cells: () => Iterable<Cell>, inexact: boolean): Column {
    const { name, rows } = this;
    if (this.#kinds === NUMBER || this.#kinds === BOOLEAN) {
      return {
        name,
        type: this.#kinds === NUMBER ? 'number' : 'boolean',
        numbers: { length: rows, chunks: [{ values: this.#values, validity: null, bitOffset: 0 }] },
        inexact: inexact ? this.#beyond : 0,
        cells,
      };
    }
    return { name, type: this.#kinds === STRING ? 'string' : 'mixed', missing: rows - this.#present, cells };
  }
}
