import {
  Kysely,
  PostgresAdapter,
  PostgresDialect,
  type PostgresPool,
  type PostgresPoolClient,
  sql,
} from 'kysely';
import pg from 'pg';
import { ServerFailure, textOf } from './failures.js';
import { MIGRATIONS, type Tables } from './migrations.js';
import { migrated } from './migrate.js';
import type { Named } from './types.js';

/** A catalog in PostgreSQL, which processes share. */
export interface SharedCatalog {
  /** Brings the tables up to date, if that was not done yet. Rejects with ServerFailure, or with an Error in words. */
  readonly tables: () => Promise<Kysely<Tables>>;
  close(): Promise<void>;
}

const CONNECT_MS = 5_000;
const STATEMENT_MS = 30_000;
/** Of a transaction that waits for its client: longer than a request to the storage, which some of ours wait for. */
const IDLE_MS = 60_000;

/** PostgreSQL's error codes that say that the session has ended: 08 of connections, 57P of the server's end. */
const ENDED = /^(08|57P|25P03)/u;

/** Those that waiting does not change: of who asks, of what is not there, and of what one may not do. */
const REFUSED = /^(28|3D|3F|42501)/u;

/** Opens no connection yet. Throws an Error in words, without the URL, when that is none of PostgreSQL. */
export function openPostgres(url: string, connections: number): SharedCatalog {
  const types = new pg.TypeOverrides();
  // Sums and counts, below 2^53.
  types.setTypeParser(pg.types.builtins.INT8, Number);
  types.setTypeParser(pg.types.builtins.NUMERIC, Number);
  const pool = new pg.Pool({
    connectionString: checkedUrl(url),
    max: connections,
    application_name: 'analytics-service',
    connectionTimeoutMillis: CONNECT_MS,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    statement_timeout: STATEMENT_MS,
    idle_in_transaction_session_timeout: IDLE_MS,
    // Of an answer that never comes: the server itself gives up earlier.
    query_timeout: STATEMENT_MS + CONNECT_MS,
    types,
  });
  // Of a connection that breaks while nobody waits for its answer: the pool opens another.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  const db = new Kysely<Tables>({ dialect: new Dialect({ pool: told(pool) }) });
  return {
    async tables() {
      await refuseOthers(db);
      await migrated(db);
      return db;
    },
    close: () => pool.end(),
  };
}

function checkedUrl(url: string): string {
  const expected = 'expected in DATABASE_URL postgres://user:password@host:port/database';
  if (!URL.canParse(url)) throw new Error(`${expected}, got what is no URL`);
  const { protocol } = new URL(url);
  if (protocol !== 'postgres:' && protocol !== 'postgresql:')
    throw new Error(`${expected}, got a URL of another kind`);
  return url;
}

/** The same pool, whose errors are ServerFailure, and which keeps no connection that broke. */
function told(pool: pg.Pool): PostgresPool {
  return {
    async connect() {
      const client = await pool.connect().catch(fail);
      let broken = false;
      const said: PostgresPoolClient = {
        async query<R>(statement: unknown, parameters?: readonly unknown[]) {
          if (typeof statement !== 'string') throw new Error('expected a statement, got a cursor');
          try {
            return (await client.query(statement, [...(parameters ?? [])])) as R;
          } catch (error) {
            const state = stateOf(error);
            broken ||= state === undefined || ENDED.test(state);
            return fail(error);
          }
        },
        release(destroy = false) {
          client.release(destroy || broken);
        },
      } as PostgresPoolClient;
      return said;
    },
    end: () => pool.end(),
  };
}

/** SQLSTATE of an error that the server sent. */
function stateOf(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : undefined;
}

function fail(error: unknown): never {
  const state = stateOf(error);
  const code = textOf(error, 'code');
  const system = /^E[A-Z0-9]+$/u.test(code) ? code : undefined;
  throw new ServerFailure(
    'database',
    state ?? system ?? wordOf(textOf(error, 'message')),
    state !== undefined && REFUSED.test(state),
  );
}

/** Of an error of the client library, which has no codes: what it says, by the kinds that there are. */
function wordOf(message: string): string {
  if (/time-?out/iu.test(message)) return 'ETIMEDOUT';
  if (/after calling end|closed/iu.test(message)) return 'closed';
  return /terminated|ended/iu.test(message) ? 'ECONNRESET' : 'failed';
}

/** What is another application's, of a later version, or in an encoding that does not hold every text, is not touched. */
async function refuseOthers(db: Kysely<Tables>): Promise<void> {
  const { rows: of } = await sql<{
    encoding: string;
  }>`select current_setting('server_encoding') as encoding`.execute(db);
  const encoding = String(of[0]?.encoding);
  if (encoding !== 'UTF8')
    throw new Error(`expected in DATABASE_URL a database in UTF8, got one in ${encoding}`);
  // Tables of extensions are nobody's.
  const { rows } = await sql<{ name: string }>`
    select c.relname as name from pg_class c
    where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p')
      and not exists (select 1 from pg_depend d where d.objid = c.oid and d.classid = 'pg_class'::regclass and d.deptype = 'e')
  `.execute(db);
  const names = rows.map(({ name }) => name);
  const others =
    'expected in DATABASE_URL a database of this service or an empty one, got tables of another application';
  if (names.length > 0 && !names.includes('kysely_migration')) throw new Error(others);
  if (names.length === 0) return;
  const { rows: applied } = await sql<{
    name: string;
  }>`select name from kysely_migration order by name`.execute(db);
  const known = Object.keys(MIGRATIONS);
  const first = applied[0]?.name;
  if (first !== undefined && first !== known[0]) throw new Error(others);
  const later = applied.find(({ name }) => !known.includes(name));
  if (later !== undefined)
    throw new Error(
      `expected in DATABASE_URL a catalog of schema ${String(known.at(-1))} at most, got one of a later version (${later.name})`,
    );
}

class Dialect extends PostgresDialect {
  override createAdapter(): PostgresAdapter {
    return new Adapter();
  }
}
class Adapter extends PostgresAdapter implements Named {
  readonly dialect = 'postgres';
}
