import { execFile } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { freePort } from './ports.js';
import { processOf } from './server.js';

const run = promisify(execFile);
const INSTALLED = '/usr/lib/postgresql';
const USER = 'analyst';
const PASSWORD = 'a-password-of-tests';
/** Nobody: the server does not run as root. */
const NOBODY = { uid: 65_534, gid: 65_534 };

/** A real PostgreSQL server on 127.0.0.1. */
export interface PostgresServer {
  /** Of a database of its own, empty at first. */
  readonly url: string;
  /** Settings of a service that uses it. */
  readonly env: Readonly<Record<string, string>>;
  /** Makes another database. Its URL. */
  database(options?: string): Promise<string>;
  /** What a statement answers, in the database of a URL. */
  ask(url: string, statement: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** Ends it, and takes away what it has. */
  stop(): Promise<void>;
  /** Ends it at once, without tidying up: it recovers at the next start. */
  crash(): Promise<void>;
  /** After a crash: on the same port, with what it had on disk; resolves when it answers. */
  restart(): Promise<void>;
}

/**
 * Starts it on a free port with its data in a temporary folder.
 *
 * @throws Error when it is not installed (`.ci/services postgres` does that) or does not answer within a minute
 */
export async function startPostgres(): Promise<PostgresServer> {
  const programs = installed();
  const folder = mkdtempSync(join(tmpdir(), 'postgres-'));
  const data = join(folder, 'data');
  const port = await freePort();
  const isRoot = process.getuid?.() === 0;
  const who = isRoot ? NOBODY : {};
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, PASSWORD);
  if (isRoot) for (const path of [folder, passwordFile]) chownSync(path, NOBODY.uid, NOBODY.gid);
  const urlOf = (database: string): string => `postgres://${USER}:${PASSWORD}@127.0.0.1:${port}/${database}`;
  const server = processOf(
    [
      join(programs, 'postgres'),
      ...['-D', data, '-p', String(port), '-c', 'listen_addresses=127.0.0.1'],
      ...['-c', 'unix_socket_directories=', '-c', 'max_connections=100'],
    ],
    { cwd: folder, ...who },
    () =>
      ask(urlOf('postgres'), 'select 1').then(
        () => true,
        () => false,
      ),
  );
  const gone = (): void => {
    rmSync(folder, { recursive: true, force: true });
  };
  const database = async (options = ''): Promise<string> => {
    const name = `analytics_${String(++databases)}`;
    await ask(urlOf('postgres'), `create database ${name} ${options}`);
    return urlOf(name);
  };
  let databases = 0;
  try {
    await run(
      join(programs, 'initdb'),
      [
        ...['-D', data, '-U', USER, '--pwfile', passwordFile, '--auth', 'scram-sha-256'],
        ...['--encoding', 'UTF8', '--locale', 'C.UTF-8', '--no-sync'],
      ],
      { cwd: folder, ...who },
    );
    await server.start();
    const url = await database();
    return {
      url,
      env: { DATABASE_URL: url },
      database,
      ask,
      async stop() {
        // What it has is taken away: nothing is to be written back first.
        await server.end('SIGQUIT');
        gone();
      },
      crash: () => server.end('SIGQUIT'),
      restart: () => server.start(),
    };
  } catch (error) {
    await server.end('SIGQUIT');
    gone();
    throw error;
  }
}

function installed(): string {
  const versions = existsSync(INSTALLED) ? readdirSync(INSTALLED) : [];
  const newest = versions.sort((a, b) => Number(a) - Number(b)).at(-1);
  const programs = join(INSTALLED, String(newest), 'bin');
  if (!existsSync(join(programs, 'initdb')))
    throw new Error(`PostgreSQL is not in ${INSTALLED}: run .ci/services postgres`);
  return programs;
}

async function ask(url: string, statement: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 3000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
}
