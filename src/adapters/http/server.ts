import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Connection } from './connection.js';
import { drain } from './drain.js';
import { answerAndLinger } from './linger.js';
import { type HeaderLimits, HOSTLESS, rawRefusal, refusal, SURPLUS, wordsOf } from './refusals.js';
import type { Pace } from './wire.js';

export { TRANSPORT_CODES } from './refusals.js';

/**
 * Connections that wait to be accepted, as many as the system lets. Beyond them it says nothing, and clients try again after
 * a second, then two, then four: a thousand at once are more than Node's 511.
 */
const BACKLOG = 65_535;

/** Until a connection that was refused, or is one too many, is destroyed. */
const REFUSED_MS = 500;
const SURPLUS_MS = 2000;
/** Connections beyond the most that may be, which are told so, and whose probes are answered. */
const RESERVE = 32;
const HEALTH = /^\/(?:v2\/)?health\//u;
const LOOK_MS = 500;

export interface ServerOptions extends HeaderLimits {
  readonly host: string;
  readonly port: number;
  /** How long an idle connection is kept. */
  readonly keepAliveMs: number;
  readonly maxConnections: number;
  /** Of uploads; answers must be taken as fast. */
  readonly pace: Pace;
}

export interface Listening {
  readonly port: number;
  /**
   * Goes on listening for `drainMs` and while a request that was accepted is in hand, so that probes see what the handler
   * says of it; every answer ends its connection. Then closes idle connections, and what is left after `graceMs`. Resolves
   * with the number of requests that this cut off.
   */
  close(drainMs: number, graceMs: number): Promise<number>;
}

/** An HTTP server with deadlines for all that a client may dawdle at, and problem+json for requests that do not parse. */
export async function listen(handler: RequestListener, options: ServerOptions): Promise<Listening> {
  const { headersMs, maxHeaderBytes, keepAliveMs, maxConnections, pace } = options;
  const open = new Map<Socket, Connection>();
  const take = (request: IncomingMessage, response: ServerResponse): void => {
    const connection = open.get(request.socket);
    if (connection?.take(request, response) !== true) return;
    if (request.headers.host === undefined && request.httpVersion === '1.1') {
      const { status, headers, body } = refusal(HOSTLESS);
      response.writeHead(status, headers).end(body);
    } else if (connection.surplus && !HEALTH.test(request.url ?? '')) {
      const { status, headers, body } = refusal(SURPLUS);
      response.statusCode = status;
      response.setHeaders(new Map(Object.entries(headers)));
      answerAndLinger(request, response, body);
    } else {
      handler(request, response);
    }
  };
  const server = createServer(
    {
      headersTimeout: headersMs,
      maxHeaderSize: maxHeaderBytes,
      requestTimeout: 0,
      connectionsCheckingInterval: Math.min(LOOK_MS, Math.ceil(headersMs / 2)),
      keepAliveTimeout: keepAliveMs,
      // Node would answer for itself, and not in problem+json.
      requireHostHeader: false,
    },
    take,
  );
  server.maxConnections = maxConnections + RESERVE;
  server.on('connection', (socket: Socket) => {
    const connection = new Connection(socket, pace, open.size >= maxConnections);
    open.set(socket, connection);
    socket.once('close', () => open.delete(socket));
    if (connection.surplus) {
      setTimeout(() => {
        connection.end();
      }, SURPLUS_MS).unref();
    }
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    const connection = open.get(socket);
    // What comes behind a refusal does not parse either.
    if (connection?.ending === true && error.code !== 'ECONNRESET') return;
    if (connection === undefined || error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    socket.write(rawRefusal(wordsOf(error, options)));
    // A client that does not hang up would keep what its request has landed.
    connection.end(REFUSED_MS);
  });
  // Whether the body is wanted is known once its headers were looked at.
  server.on('checkContinue', (request, response) => {
    server.emit('request', request, response);
  });
  // Idle for as long as it may be.
  server.on('timeout', (socket: Socket) => open.get(socket)?.end());
  setInterval(() => {
    for (const connection of open.values()) connection.look();
  }, LOOK_MS).unref();

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, BACKLOG, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: (drainMs, graceMs) => drain(server, open, drainMs, graceMs),
  };
}
