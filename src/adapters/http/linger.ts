import type { IncomingMessage, ServerResponse } from 'node:http';

/** How long what a client still sends is read and thrown away. */
const LINGER_MS = 1000;

/**
 * Answers at once, over a request whose body was not read to its end, and closes the connection. Closed at once, over
 * bytes nobody read, it would be reset: a client that sends first and reads later would never see the answer.
 */
export function answerAndLinger(request: IncomingMessage, response: ServerResponse, body: string): void {
  response.setHeader('connection', 'close');
  response.setHeader('content-length', Buffer.byteLength(body));
  response.write(body);
  const end = (): void => {
    clearTimeout(late);
    request.off('end', end).off('close', end);
    response.end();
  };
  const late = setTimeout(end, LINGER_MS);
  request.on('error', () => undefined);
  request.on('end', end).on('close', end).resume();
}

/** Whether a request has a body of which something is still to come. */
export function bodyUnread({ complete, headers }: IncomingMessage): boolean {
  if (complete) return false;
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
