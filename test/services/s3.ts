import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './ports.js';
import { processOf } from './server.js';

const VERSION = '1.8.0';
const PROGRAM = join(
  process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
  'analytics-service',
  `versitygw-${VERSION}`,
  'versitygw',
);
const ACCESS = 'analyst';
const SECRET = 'a-secret-of-tests';

/** A real server that speaks S3, on 127.0.0.1: versitygw, over a folder. */
export interface S3Server {
  /** Of a bucket, with a prefix. */
  readonly url: string;
  /** Settings of a service that uses it. */
  readonly env: Readonly<Record<string, string>>;
  readonly credentials: Readonly<Record<string, string>>;
  /** Makes another bucket. Its URL, and the folder in which its objects are files. */
  bucket(): { readonly url: string; readonly folder: string };
  /** URL of a bucket that is not there. */
  readonly missing: string;
  /** Ends it, and takes away what it has. */
  stop(): Promise<void>;
  /** SIGKILL. */
  crash(): Promise<void>;
  /** After a crash: on the same port, with what it had on disk; resolves when it answers. */
  restart(): Promise<void>;
}

/**
 * Starts it on a free port with its objects in a temporary folder.
 *
 * @throws Error when it is not there (`.ci/services s3` builds it) or does not answer within a minute
 */
export async function startS3(): Promise<S3Server> {
  if (!existsSync(PROGRAM)) throw new Error(`versitygw ${VERSION} is not at ${PROGRAM}: run .ci/services s3`);
  const folder = mkdtempSync(join(tmpdir(), 's3-'));
  const objects = join(folder, 'objects');
  // Beside the objects: not every file system has attributes for it.
  const about = join(folder, 'about');
  for (const one of [objects, about]) mkdirSync(one);
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const server = processOf(
    [
      PROGRAM,
      ...['--access', ACCESS, '--secret', SECRET, '--port', `127.0.0.1:${port}`, '--quiet', '--keep-alive'],
      ...['posix', '--sidecar', about, objects],
    ],
    { cwd: folder },
    () =>
      fetch(origin).then(
        // Whoever does not say who it is is refused, by a server that is there.
        (response) => response.status === 403,
        () => false,
      ),
  );
  let buckets = 0;
  const bucket = (): { readonly url: string; readonly folder: string } => {
    const name = `bucket-${String(++buckets)}`;
    mkdirSync(join(objects, name));
    return { url: `${origin}/${name}/some/prefix`, folder: join(objects, name, 'some', 'prefix') };
  };
  const gone = (): void => {
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await server.start();
  } catch (error) {
    await server.end('SIGKILL');
    gone();
    throw error;
  }
  const { url } = bucket();
  const credentials = { AWS_ACCESS_KEY_ID: ACCESS, AWS_SECRET_ACCESS_KEY: SECRET, AWS_REGION: 'us-east-1' };
  return {
    url,
    env: { S3_URL: url, ...credentials },
    credentials,
    bucket,
    missing: `${origin}/no-such-bucket/prefix`,
    async stop() {
      await server.end('SIGTERM');
      gone();
    },
    crash: () => server.end('SIGKILL'),
    restart: () => server.start(),
  };
}
