import type { Kysely } from 'kysely';
import type { Tables } from './migrations.js';
import type { DialectName } from './types.js';

/** One after the other: between the name of a file and its row nothing may take the file away. */
export type Queue = <T>(act: () => Promise<T>) => Promise<T>;

/** What every part of the store stands on. */
export interface Base {
  readonly dialect: DialectName;
  /** The tables, brought up to date when they are first asked for. Rejects with the database's error. */
  readonly tables: () => Promise<Kysely<Tables>>;
  /** Of this process alone. */
  readonly inTurn: Queue;
  /**
   * Does `first` and then `rows`, the latter in one transaction, while nobody else does so with the same key: in this process
   * on SQLite, in any process on PostgreSQL. What `rows` wrote is there when it resolves, and not there when it rejects,
   * unless the connection broke: then it is known to whoever has the key next.
   */
  readonly alone: Alone;
}

export type Alone = <T>(
  key: string,
  first: () => Promise<void>,
  rows: (db: Kysely<Tables>) => Promise<T>,
) => Promise<T>;

export function queue(): Queue {
  let last: Promise<unknown> = Promise.resolve();
  return (act) => {
    const turn = last.then(act);
    last = turn.catch(() => undefined);
    return turn;
  };
}

/** What `make` gives, made when it is first asked for; after a failure it is tried again. */
export function once<T>(
  make: () => Promise<T>,
): (() => Promise<T>) & { readonly settled: () => Promise<unknown> } {
  let made: Promise<T> | undefined;
  const get = (): Promise<T> => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
  return Object.assign(get, { settled: () => Promise.allSettled([made]) });
}
