import { randomUUID } from 'node:crypto';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

const HEADERS_MS = 10_000;
const CHECK_MS = 500;
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
    },
    handler,
  );
  server.on('clientError', refuse);
  // Whether the body is wanted is known once its headers were looked at.
  server.on('checkContinue', (request, response) => {
    server.emit('request', request, response);
  });
  const open = trackConnections(server);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: (graceMs) => close(server, open, graceMs),
  };
}

function refuse(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const known = REFUSALS[error.code ?? ''];
  const [status, code, detail] = known ?? [
    '400 Bad Request',
    'invalid_http',
    'expected a well-formed HTTP request, got one that does not parse',
  ];
  const id = randomUUID();
  const [number = '400', ...title] = status.split(' ');
  const body = JSON.stringify({
    type: 'about:blank',
    title: title.join(' '),
    status: Number(number),
    detail,
    code,
    request_id: id,
    errors: [],
  });
  const lines = [
    `HTTP/1.1 ${status}`,
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${id}`,
    'connection: close',
  ];
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`);
  // A client that does not hang up would keep what its request has landed.
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
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
