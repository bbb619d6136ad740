import { randomUUID } from 'node:crypto';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

const HEADERS_MS = 10_000;
const CHECK_MS = 500;
/**
 * Connections that wait to be accepted, as many as the system lets. Beyond them it says nothing, and clients try again after
 * a second, then two, then four: a thousand at once are more than Node's 511.
 */
const BACKLOG = 65_535;
/** Until a connection that was refused is destroyed. */
const LINGER_MS = 500;

/** Raw answers to what never became a request. */
const REFUSALS: Readonly<Record<string, readonly [status: string, code: string, detail: string]>> = {
  HPE_HEADER_OVERFLOW: [
    '431 Request Header Fields Too Large',
    'headers_too_large',
    'expected headers of at most 16 KiB, got more',
  ],
  ERR_HTTP_REQUEST_TIMEOUT: [
    '408 Request Timeout',
    'slow_request',
    `expected headers within ${HEADERS_MS / 1000} s, got fewer`,
  ],
};

const UNPARSED = [
  '400 Bad Request',
  'invalid_http',
  'expected a well-formed HTTP request, got one that does not parse',
] as const;
const HOSTLESS = ['400 Bad Request', 'invalid_http', 'expected a Host header, got none'] as const;

/** Codes of refusals below HTTP, for OpenAPI. */
export const TRANSPORT_CODES = ['invalid_http', 'headers_too_large'];

export interface Listening {
  readonly port: number;
  /** Stops accepting, lets accepted requests finish for `graceMs`, then closes what is left. */
  close(graceMs: number): Promise<void>;
}

/** An HTTP server with deadlines on headers and problem+json for requests that do not parse. */
export async function listen(handler: RequestListener, host: string, port: number): Promise<Listening> {
  const server = createServer(
    {
      headersTimeout: HEADERS_MS,
      requestTimeout: 0,
      connectionsCheckingInterval: CHECK_MS,
      keepAliveTimeout: 5_000,
      requireHostHeader: false,
    },
    expectHost(handler),
  );
  server.on('clientError', refuse);
  // Whether the body is wanted is known once its headers were looked at.
  server.on('checkContinue', (request, response) => {
    server.emit('request', request, response);
  });
  const open = trackConnections(server);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, BACKLOG, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: (graceMs) => close(server, open, graceMs),
  };
}

interface Refusal {
  readonly status: number;
  readonly title: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

function refusal([line, code, detail]: readonly [status: string, code: string, detail: string]): Refusal {
  const [number = '400', ...title] = line.split(' ');
  const id = randomUUID();
  const status = Number(number);
  const about = { type: 'about:blank', title: title.join(' '), status, detail, code };
  const body = JSON.stringify({ ...about, request_id: id, errors: [] });
  const headers = {
    'content-type': 'application/problem+json',
    'content-length': String(Buffer.byteLength(body)),
    'x-request-id': id,
    connection: 'close',
  };
  return { status, title: title.join(' '), headers, body };
}

function refuse(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const { status, title, headers, body } = refusal(REFUSALS[error.code ?? ''] ?? UNPARSED);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  socket.end([`HTTP/1.1 ${status} ${title}`, ...lines, '', body].join('\r\n'));
  // A client that does not hang up would keep what its request has landed.
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}

/** Node would answer for itself, and not in problem+json. */
function expectHost(handler: RequestListener): RequestListener {
  return (request, response) => {
    if (request.headers.host !== undefined || request.httpVersion !== '1.1') {
      handler(request, response);
      return;
    }
    const { status, headers, body } = refusal(HOSTLESS);
    response.writeHead(status, headers).end(body);
  };
}

/** How many requests each open connection has under way. */
function trackConnections(server: Server): ReadonlyMap<Socket, number> {
  const open = new Map<Socket, number>();
  server.on('connection', (socket) => {
    open.set(socket, 0);
    socket.once('close', () => open.delete(socket));
  });
  server.on('request', ({ socket }, response) => {
    const count = (change: number): void => {
      const now = open.get(socket);
      if (now !== undefined) open.set(socket, now + change);
    };
    count(1);
    response.once('close', () => {
      count(-1);
    });
  });
  return open;
}

async function close(server: Server, open: ReadonlyMap<Socket, number>, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
  });
  // Also connections that never sent a request: the server itself counts those as busy.
  const closeIdle = (): void => {
    for (const [socket, requests] of open) if (requests === 0) socket.destroy();
  };
  closeIdle();
  const idle = setInterval(closeIdle, 50);
  const late = setTimeout(() => {
    server.closeAllConnections();
  }, graceMs);
  await closed;
  clearInterval(idle);
  clearTimeout(late);
}
