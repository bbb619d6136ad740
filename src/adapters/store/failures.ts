import { Problem } from '../../ports/problem.js';

/** What a full disk says, and one whose owner may write no more: the system's, SQLite's, PostgreSQL's (disk_full). */
const FULL = ['ENOSPC', 'EDQUOT', 'EFBIG', 'SQLITE_FULL', '53100'];

/** A failure of a server beside the service. It has no message of the server's own: that may name what is secret. */
export class ServerFailure extends Error {
  constructor(
    readonly server: 'database' | 'storage',
    /** SQLSTATE, S3's name of the error, or the system's. */
    readonly code: string,
    /** Whether it is there and does not let the service in: waiting does not help. */
    readonly refused = false,
  ) {
    super(`the ${server} failed (${code})`);
    this.name = 'ServerFailure';
  }
}

/** A text of an error, from whichever realm it comes: those of native modules may come from another. */
export function textOf(error: unknown, key: 'code' | 'name' | 'message'): string {
  if (typeof error !== 'object' || error === null || !(key in error)) return '';
  const value: unknown = Reflect.get(error, key);
  return typeof value === 'string' ? value : '';
}

/** The code of an error of the system, of SQLite or of a server; undefined of another error. */
export function codeOf(error: unknown): string | undefined {
  if (error instanceof ServerFailure) return error.code;
  const code = textOf(error, 'code');
  if (/^(E[A-Z0-9]+|SQLITE_\w+)$/u.test(code)) return code;
  // libsql's own words when it cannot open a file.
  return textOf(error, 'message').startsWith('ConnectionFailed(') ? 'SQLITE_CANTOPEN' : undefined;
}

/**
 * Does what needs the disk or a server. Their failure becomes Problem `storage_failed`, without the path that the system
 * names and without the address of the server.
 */
export async function onDisk<T>(what: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined) throw error;
    const where = error instanceof ServerFailure ? error.server : 'disk';
    const got = FULL.includes(code) ? 'a full disk' : `an error of the ${where}`;
    throw new Problem('storage_failed', `expected ${what}, got ${got} (${code})`);
  }
}

/** What the operator is told of a folder of no use. */
export const unwritable = (folder: string, code: string): Error =>
  new Error(`expected a DATA_DIR that can be written to, got ${folder} (${code})`);
