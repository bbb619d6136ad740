import type { Kysely } from 'kysely';
import type { Tables } from './migrations.js';

/** One after the other: between the name of a file and its row nothing may take the file away. */
export type Queue = <T>(act: () => Promise<T>) => Promise<T>;

/** What every part of the store stands on. */
export interface Base {
  readonly dialect: 'sqlite' | 'postgres';
  /** The tables, brought up to date when they are first asked for. Rejects with the database's error. */
  readonly tables: () => Promise<Kysely<Tables>>;
  readonly inTurn: Queue;
}

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
