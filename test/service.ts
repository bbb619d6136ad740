import { type ChildProcess, spawn } from 'node:child_process';
import { request as httpRequest } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { settingsSchema } from '../src/settings.js';

export const ROOT = join(__dirname, '..');

/** The service as a child process on a free port, as the start command runs it. */
export interface Service {
  readonly url: string;
  readonly pid: number;
  /** Everything it printed so far, or since it was taken. */
  output(): string;
  /** The same, and forgets it: a line a request is much in the long run. */
  take(): string;
  /** SIGTERM, and the exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
}

export interface StartOptions {
  /** Without a DATA_DIR it has one of its own, gone when the service is. */
  readonly env?: Readonly<Record<string, string>>;
  readonly nodeFlags?: readonly string[];
  /** Run instead of `node dist/src/main.js`. */
  readonly command?: readonly [string, ...string[]];
}

/** Environment without the settings of the shell that runs the tests. */
function cleanEnv(extra: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !Object.hasOwn(settingsSchema.properties, name) && !/^(OTEL_|NODE_OPTIONS$)/u.test(name),
  );
  // Its clients keep connections that they will not use again: the stop need not wait for those.
  return { ...Object.fromEntries(kept), PORT: '0', HOST: '127.0.0.1', DRAIN_MS: '50', ...extra };
}

export async function startService({
  env = {},
  nodeFlags = [],
  command,
}: StartOptions = {}): Promise<Service> {
  const [file, ...args] = command ?? [process.execPath, ...nodeFlags, 'dist/src/main.js'];
  const own = env['DATA_DIR'] === undefined ? mkdtempSync(join(tmpdir(), 'analytics-service-')) : undefined;
  const child: ChildProcess = spawn(file, args, {
    cwd: ROOT,
    env: cleanEnv(own === undefined ? env : { ...env, DATA_DIR: own }),
    detached: command !== undefined,
  });
  let output = '';
  // However it ends: killed ones, too, leave nothing behind.
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve)).finally(() => {
    if (own !== undefined) rmSync(own, { recursive: true, force: true });
  });
  let found = false;
  const url = await new Promise<string>((resolve, reject) => {
    const late = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`the service did not start: ${output}`));
    }, 60_000);
    const listen = (chunk: Buffer): void => {
      output += chunk.toString();
      if (found) return;
      const match = /analytics-service \S+ on (http:\/\/[\d.]+:\d+)/u.exec(output);
      if (match?.[1] !== undefined) {
        found = true;
        clearTimeout(late);
        resolve(match[1]);
      }
    };
    child.stdout?.on('data', listen);
    child.stderr?.on('data', listen);
    void exited.then((code) => {
      clearTimeout(late);
      reject(new Error(`the service ended with ${String(code)}: ${output}`));
    });
  });
  const pid = child.pid ?? 0;
  return {
    url,
    pid,
    output: () => output,
    take() {
      const taken = output;
      output = '';
      return taken;
    },
    async stop() {
      // A command of its own process group (npm) passes no signals on: the group gets it. One that has ended gets none.
      if (child.exitCode === null && child.signalCode === null)
        process.kill(command === undefined ? pid : -pid, 'SIGTERM');
      return exited;
    },
    async kill() {
      process.kill(command === undefined ? pid : -pid, 'SIGKILL');
      await exited;
    },
  };
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly bytes: Buffer;
  readonly text: string;
  /** The body as JSON, whatever it is. */
  readonly json: JsonValue;
}

export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };

/** One request by node:http, which sends what it is told, also what fetch would refuse. */
export async function send(
  url: string,
  options: {
    readonly method?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string | Uint8Array | readonly Uint8Array[];
  } = {},
): Promise<Reply> {
  const { method = 'POST', headers = {}, body } = options;
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method, headers: { ...headers } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const bytes = Buffer.concat(chunks);
        const text = bytes.toString();
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          bytes,
          text,
          get json() {
            return JSON.parse(text) as JsonValue;
          },
        });
      });
      response.on('error', reject);
    });
    request.on('error', (error: NodeJS.ErrnoException) => {
      // The service ends a connection that was kept alive when nothing came for some seconds; the next request is a new one.
      if (error.code === 'ECONNRESET' && request.reusedSocket) {
        resolve(send(url, options));
        return;
      }
      // A refused upload may be reset while it is still written; the answer has come by then.
      if (error.code !== 'EPIPE' && error.code !== 'ECONNRESET') reject(error);
    });
    request.on('close', () => {
      setTimeout(() => {
        reject(new Error('no answer'));
      }, 1000).unref();
    });
    if (body === undefined || typeof body === 'string' || body instanceof Uint8Array) request.end(body);
    else {
      for (const part of body) request.write(part);
      request.end();
    }
  });
}

export const JSON_TYPE = { 'content-type': 'application/json' };
export const STREAM_TYPE = { 'content-type': 'application/vnd.apache.arrow.stream' };
export const FILE_TYPE = { 'content-type': 'application/vnd.apache.arrow.file' };

/** Posts a JSON document. */
export function postJson(
  url: string,
  document: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Reply> {
  return send(url, { headers: { ...JSON_TYPE, ...headers }, body: JSON.stringify(document) });
}

/** Options as a query: lists with commas. */
export function queryOf(options: Readonly<Record<string, JsonValue>>): string {
  const word = (value: JsonValue): string => (typeof value === 'string' ? value : JSON.stringify(value));
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(options))
    parameters.set(name, Array.isArray(value) ? value.map(word).join(',') : word(value));
  return parameters.toString();
}

/** Follows keys and indexes into a JSON value; undefined where there is nothing. */
export function at(
  value: JsonValue | undefined,
  ...path: readonly (string | number)[]
): JsonValue | undefined {
  let here = value;
  for (const step of path) {
    if (typeof here !== 'object' || here === null) return undefined;
    here = Array.isArray(here) ? here[Number(step)] : Object.hasOwn(here, step) ? here[step] : undefined;
  }
  return here;
}
