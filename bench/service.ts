import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { packageRoot, type PythonRivals } from './rivals.js';

const START_MS = 60_000;
const ANSWER_MS = 120_000;

/** A service in a process of its own, on a free port of the loopback. */
export interface Service {
  readonly name: string;
  /** `accept`: the media type asked for, any when it is absent. */
  post(path: string, type: string, body: Uint8Array, accept?: string): Promise<Answer>;
  /** Largest resident memory so far, in MB; NaN where the system does not tell. */
  peakMemory(): number;
  stop(): Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

/** The built service over a folder of its own. It is ready when it has printed its address. */
export async function startOurs(): Promise<Service> {
  const dataDir = mkdtempSync(join(tmpdir(), 'analytics-bench-'));
  const child = spawn(process.execPath, [join(packageRoot(), 'dist', 'src', 'main.js')], {
    env: { ...process.env, PORT: '0', HOST: '127.0.0.1', LOG_LEVEL: 'info', DATA_DIR: dataDir },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.once('exit', () => {
    rmSync(dataDir, { recursive: true, force: true });
  });
  return started('ours', child, async (printed) => {
    for (;;) {
      const address = /http:\/\/127\.0\.0\.1:\d+/.exec(printed())?.[0];
      if (address !== undefined) return address;
      await pause(20);
    }
  });
}

const PYTHON_NAMES = {
  seed_service: 'Python, JSON',
  arrow_service: 'Python, Arrow',
  model_service: 'scikit-learn, FastAPI',
} as const;

/** One of the Python services. It is ready when it answers. */
export async function startPython(
  { folder, python }: PythonRivals,
  service: keyof typeof PYTHON_NAMES,
): Promise<Service> {
  const port = await freePort();
  const app = service === 'seed_service' ? 'app.main:app' : 'main:app';
  const address = `http://127.0.0.1:${port}`;
  const child = spawn(
    python,
    ['-m', 'uvicorn', app, '--host', '127.0.0.1', '--port', String(port), '--log-level', 'warning'],
    { cwd: join(folder, service), stdio: ['ignore', 'pipe', 'pipe'] },
  );
  return started(PYTHON_NAMES[service], child, async () => {
    for (;;) {
      const answers = await fetch(`${address}/openapi.json`).then(
        ({ ok }) => ok,
        () => false,
      );
      if (answers) return address;
      await pause(100);
    }
  });
}

async function started(
  name: string,
  child: ChildProcess,
  ready: (printed: () => string) => Promise<string>,
): Promise<Service> {
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (text: Buffer) => {
      // Enough for the address or the reason of a failed start; a service may log all it likes.
      if (printed.length < 65_536) printed += text.toString();
    });
  }
  const ended = once(child, 'exit').then(() => {
    throw new Error(`${name} ended: ${printed.trim().slice(-500)}`);
  });
  ended.catch(() => undefined);
  const late = pause(START_MS, undefined, { ref: false }).then(() => {
    throw new Error(`${name}: expected a service within ${START_MS} ms, got none`);
  });
  late.catch(() => undefined);
  const address = await Promise.race([ready(() => printed), ended, late]).catch((error: unknown) => {
    child.kill('SIGKILL');
    throw error;
  });
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  return {
    name,
    post: (path, type, body, accept) =>
      Promise.race([
        post(agent, new URL(path, address), { 'content-type': type, ...(accept && { accept }) }, body),
        ended,
      ]),
    peakMemory: () => peakMemory(child.pid),
    async stop() {
      agent.destroy();
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      const killer = setTimeout(() => child.kill('SIGKILL'), 5000);
      await exit;
      clearTimeout(killer);
    },
  };
}

function post(
  agent: Agent,
  url: URL,
  given: Readonly<Record<string, string>>,
  body: Uint8Array,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { ...given, 'content-length': body.byteLength };
    const call = request(url, { agent, method: 'POST', headers, timeout: ANSWER_MS }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts) });
      });
      response.on('error', reject);
    });
    call.on('error', reject);
    call.on('timeout', () => call.destroy(new Error(`expected an answer within ${ANSWER_MS} ms, got none`)));
    call.end(body);
  });
}

function peakMemory(pid: number | undefined): number {
  try {
    const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid ?? 0}/status`, 'utf8'))?.[1];
    return (Number(kilobytes) * 1024) / 1e6;
  } catch {
    return NaN;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** A closed loop: so many connections, each with one request under way, until the time is over. Requests a second. */
export async function throughput(
  connections: number,
  milliseconds: number,
  send: () => Promise<unknown>,
): Promise<number> {
  const start = performance.now();
  let done = 0;
  const connection = async (): Promise<void> => {
    while (performance.now() - start < milliseconds) {
      await send();
      done++;
    }
  };
  await Promise.all(Array.from({ length: connections }, connection));
  return (done * 1000) / (performance.now() - start);
}
