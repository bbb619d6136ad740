import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { EVENT_STREAM } from './events.js';
import type { Pace } from './wire.js';

/** How long what a client still sends is read and thrown away once its connection ends. */
const LINGER_MS = 1000;
/** What of an answer may still be on its way when the system has taken all of it. */
const IN_FLIGHT = 4 * 2 ** 20;

/** A request in hand. */
interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Whether the client lets the connection be used again. */
  readonly reusable: boolean;
  /** Whether it came before the service was told to stop. */
  readonly accepted: boolean;
  /** When its answer was first seen under way. */
  answering?: number;
}

/**
 * One connection of a client: which of its requests are in hand, in their order, and how it ends. It ends by a FIN, then
 * what still comes is read and thrown away until the client ends its side or a moment has passed: closed at once, over
 * bytes nobody read, it would be reset, and its client might never see the answer (RFC 9112, 9.6).
 */
export class Connection {
  readonly #exchanges: Exchange[] = [];
  #latest: IncomingMessage | undefined;
  /** Of the last answer. */
  #answerBytes = 0;
  #leaving = false;
  #ending = false;
  #quietSince = performance.now();
  /** Bytes that had come when it fell quiet. */
  #readThen = 0;

  constructor(
    readonly socket: Socket,
    readonly pace: Pace,
    /** One more than may be: it gets a word and goes. */
    readonly surplus: boolean,
  ) {
    // Node's server calls it behind an answer with `Connection: close`, and would close at once.
    socket.destroySoon = () => {
      this.end();
    };
    if (surplus) this.leave();
  }

  get ending(): boolean {
    return this.#ending;
  }

  get inHand(): number {
    return this.#exchanges.length;
  }

  get accepted(): number {
    return this.#exchanges.filter(({ accepted }) => accepted).length;
  }

  /** Takes a request in hand until its answer is sent or its client has left; false: the connection has ended before it. */
  take(request: IncomingMessage, response: ServerResponse): boolean {
    this.#latest = request;
    if (this.#ending) {
      request.resume();
      return false;
    }
    const accepted = !this.#leaving;
    const exchange: Exchange = { request, response, reusable: response.shouldKeepAlive, accepted };
    this.#exchanges.push(exchange);
    this.#announce();
    response.once('close', () => {
      this.#exchanges.splice(this.#exchanges.indexOf(exchange), 1);
      this.#answerBytes = bytesOf(response);
      this.#fallQuiet();
      if (request.complete) return;
      // Its body was not asked for: no client may keep a connection by it.
      request.once('close', () => {
        this.#fallQuiet();
      });
      setTimeout(() => {
        if (!request.complete) this.end();
      }, LINGER_MS).unref();
    });
    return true;
  }

  /** No answer but those that are due: each from now on says `Connection: close`, also where it is being made. */
  leave(): void {
    this.#leaving = true;
    this.#announce();
  }

  /** Whether nothing came or went for so long, nor is due. */
  idle(forMs: number): boolean {
    return (
      this.#exchanges.length === 0 &&
      this.#latest?.complete !== false &&
      this.socket.bytesRead === this.#readThen &&
      performance.now() - this.#quietSince >= forMs
    );
  }

  /** Ends it, unless it has; `lingerMs` beside the time that its last answer may take. */
  end(lingerMs = LINGER_MS): void {
    if (this.#ending) return;
    this.#ending = true;
    this.socket.end();
    // A body that nobody reads would hide that the client ends its side.
    this.#latest?.resume();
    const onItsWay = Math.min(this.#answerBytes, IN_FLIGHT);
    const late = setTimeout(() => this.socket.destroy(), lingerMs + (takingMs(onItsWay, this.pace) ?? 0));
    late.unref();
    this.socket.once('close', () => {
      clearTimeout(late);
    });
  }

  /** Ends it by force when its client takes an answer more slowly than it might send a request. */
  look(): void {
    const [first] = this.#exchanges;
    if (first?.response.headersSent !== true) return;
    // Its length is not known, and it ends a client that does not read by itself.
    if (first.response.getHeader('content-type') === EVENT_STREAM) return;
    first.answering ??= performance.now();
    const due = takingMs(bytesOf(first.response), this.pace);
    if (due === undefined) return;
    if (performance.now() - first.answering > this.pace.graceMs + due) this.socket.destroy();
  }

  #fallQuiet(): void {
    this.#quietSince = performance.now();
    this.#readThen = this.socket.bytesRead;
  }

  /** The last answer that is due says that it is: one before it would end the connection too early. */
  #announce(): void {
    if (!this.#leaving) return;
    const last = this.#exchanges.length - 1;
    for (const [i, { response, reusable }] of this.#exchanges.entries())
      response.shouldKeepAlive = reusable && i < last;
  }
}

const bytesOf = (response: ServerResponse): number => Number(response.getHeader('content-length') ?? 0);

/** How long so many bytes may take; undefined where clients may be as slow as they like. */
const takingMs = (bytes: number, { bytesPerSecond }: Pace): number | undefined =>
  bytesPerSecond === 0 ? undefined : (bytes / bytesPerSecond) * 1000;
