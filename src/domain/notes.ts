import type { Warning } from '../ports/tables.js';

/** Nulls of a column that a warning names. */
const NAMED = 20;

/** Warnings of one answer, and the rule that a number that is not finite becomes null and is named. */
export class Notes {
  readonly #warnings: Warning[] = [];
  readonly #said = new Set<string>();
  readonly #nulls = new Map<string, string[]>();
  #partial = false;

  /** What was said before is not said again: several tests may say it of one column. */
  warn(code: string, detail: string, column?: string): void {
    const key = JSON.stringify([code, detail, column]);
    if (this.#said.has(key)) return;
    this.#said.add(key);
    this.#warnings.push(column === undefined ? { code, detail } : { code, column, detail });
  }

  /** Says that the answer is not whole, and what of it there is. */
  partial(detail: string): void {
    this.#partial = true;
    this.warn('partial_result', detail);
  }

  /** Whether the answer is not whole. */
  get isPartial(): boolean {
    return this.#partial;
  }

  /** `value` when it is finite; else null, and a warning that says that `what` (of `column`) is not. */
  finite(value: number, what: string, column = ''): number | null {
    if (Number.isFinite(value)) return value;
    const list = this.#nulls.get(column) ?? [];
    // One more than are named says that there are more.
    if (list.length <= NAMED)
      list.push(`${what} (${Number.isNaN(value) ? 'undefined' : value > 0 ? '+infinity' : '-infinity'})`);
    this.#nulls.set(column, list);
    return null;
  }

  /** All warnings, the ones of nulls gathered by column at the end. */
  warnings(): Warning[] {
    const nulls = [...this.#nulls].map(([column, list]): Warning => {
      const detail = `written as null: ${list.slice(0, NAMED).join(', ')}${list.length > NAMED ? ', …' : ''}`;
      return column === '' ? { code: 'not_finite', detail } : { code: 'not_finite', column, detail };
    });
    return [...this.#warnings, ...nulls];
  }
}
