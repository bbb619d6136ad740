import { randomFillSync } from 'node:crypto';
import type { Span } from '../../ports/trace.js';
import type { Entry } from './entry.js';

type Value = string | number | boolean;
type Values = Readonly<Record<string, Value>>;

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;
/** A length is written in so many bytes whatever it is: it is not known before what it is of has been written. */
const LENGTH_BYTES = 4;
const KINDS = { internal: 1, server: 2, producer: 4, consumer: 5 } as const;
const STATUS_ERROR = 2;
const SAMPLED = 0x101;
const REMOTE_PARENT = 0x200;
/** Whether what is linked was somewhere else is known, and that it was. */
const REMOTE_LINK = 0x300;
const TWO_32 = 2 ** 32;

/**
 * Spans as protobuf of OTLP (opentelemetry-proto 1.x, collector/trace/v1), straight from the JSON that they come as. One
 * pass; a third of the work of the SDK's, which makes an object of each first and measures it before it writes.
 */
export class SpanWriter {
  #bytes = Buffer.allocUnsafe(64 * 1024);
  #at = 0;
  readonly #ids = Buffer.allocUnsafe(8 * 512);
  #idsAt = this.#ids.length;

  get length(): number {
    return this.#at;
  }

  /** The spans of a request or a task: field 2 of ScopeSpans. */
  add(entry: Entry): void {
    const { traceId, spanId, parentSpanId, inner } = entry;
    const server = Buffer.from(spanId, 'hex');
    const trace = Buffer.from(traceId, 'hex');
    this.#span(
      entry,
      trace,
      server,
      parentSpanId === undefined ? undefined : Buffer.from(parentSpanId, 'hex'),
      () => {
        this.#number(6, KINDS[entry.kind]);
        if (entry.traceState !== undefined) this.#text(3, entry.traceState);
        for (const link of entry.links ?? [])
          this.#within(13, () => {
            this.#raw(1, Buffer.from(link.traceId, 'hex'));
            this.#raw(2, Buffer.from(link.spanId, 'hex'));
            this.#fixed32(6, REMOTE_LINK);
          });
        if (entry.droppedLinks !== undefined) this.#number(14, entry.droppedLinks);
        if (entry.failed)
          this.#within(15, () => {
            this.#number(3, STATUS_ERROR);
          });
        this.#fixed32(16, parentSpanId === undefined ? SAMPLED : SAMPLED | REMOTE_PARENT);
      },
    );
    const ids = new Map<string, Uint8Array>();
    for (const spans of inner)
      for (const span of spans) {
        const parent = (span.parent === undefined ? undefined : ids.get(span.parent)) ?? server;
        const id = this.#id();
        ids.set(span.name, id);
        this.#span(span, trace, id, parent, () => {
          this.#number(6, KINDS.internal);
          for (const event of span.events ?? [])
            this.#within(11, () => {
              this.#time(1, event.time);
              this.#text(2, event.name);
              this.#values(3, event.attributes);
            });
          this.#fixed32(16, SAMPLED);
        });
      }
  }

  /** A whole request to a collector, of what was added since the last one. */
  take(resource: Values, version: string): Buffer {
    const spans = Buffer.from(this.#bytes.subarray(0, this.#at));
    this.#at = 0;
    this.#within(1, () => {
      this.#within(1, () => {
        this.#values(1, resource);
      });
      this.#within(2, () => {
        this.#within(1, () => {
          this.#text(1, 'analytics-service');
          this.#text(2, version);
        });
        this.#room(spans.length);
        this.#at += spans.copy(this.#bytes, this.#at);
      });
    });
    const whole = Buffer.from(this.#bytes.subarray(0, this.#at));
    this.#at = 0;
    return whole;
  }

  #span(
    { name, start, end, attributes }: Pick<Span, 'name' | 'start' | 'end'> & { readonly attributes: Values },
    trace: Uint8Array,
    id: Uint8Array,
    parent: Uint8Array | undefined,
    more: () => void,
  ): void {
    this.#within(2, () => {
      this.#raw(1, trace);
      this.#raw(2, id);
      if (parent !== undefined) this.#raw(4, parent);
      this.#text(5, name);
      this.#time(7, start);
      this.#time(8, end);
      this.#values(9, attributes);
      more();
    });
  }

  #values(field: number, values: Values): void {
    for (const key of Object.keys(values)) {
      const value = values[key];
      this.#within(field, () => {
        this.#text(1, key);
        this.#within(2, () => {
          if (typeof value === 'string') this.#text(1, value);
          else if (typeof value === 'boolean') this.#number(2, value ? 1 : 0);
          else if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0)
            this.#number(3, value);
          else this.#double(4, Number(value));
        });
      });
    }
  }

  #within(field: number, write: () => void): void {
    this.#tag(field, BYTES);
    this.#at += LENGTH_BYTES;
    const start = this.#at;
    write();
    let length = this.#at - start;
    for (let i = start - LENGTH_BYTES; i < start; i++) {
      this.#bytes[i] = (length & 0x7f) | (i < start - 1 ? 0x80 : 0);
      length >>>= 7;
    }
  }

  #text(field: number, text: string): void {
    this.#room(text.length * 3);
    this.#tag(field, BYTES);
    const length = text.length < 128 ? this.#bytes.write(text, this.#at + 1) : Infinity;
    if (length < 128) {
      this.#bytes[this.#at] = length;
      this.#at += 1 + length;
      return;
    }
    const bytes = Buffer.from(text);
    this.#varint(bytes.length);
    this.#at += bytes.copy(this.#bytes, this.#at);
  }

  #raw(field: number, bytes: Uint8Array): void {
    this.#tag(field, BYTES);
    this.#varint(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  #number(field: number, value: number): void {
    this.#tag(field, VARINT);
    this.#varint(value);
  }

  #double(field: number, value: number): void {
    this.#tag(field, FIXED64);
    this.#at = this.#bytes.writeDoubleLE(value, this.#at);
  }

  #fixed32(field: number, value: number): void {
    this.#tag(field, FIXED32);
    this.#at = this.#bytes.writeUInt32LE(value, this.#at);
  }

  /** Milliseconds as nanoseconds, which a double does not hold: in two halves. */
  #time(field: number, ms: number): void {
    const whole = Math.floor(ms);
    const high = Math.floor(whole / 65536) * 1e6;
    const low = (high % 65536) * 65536 + (whole % 65536) * 1e6 + Math.round((ms - whole) * 1e6);
    this.#tag(field, FIXED64);
    this.#at = this.#bytes.writeUInt32LE(low % TWO_32, this.#at);
    this.#at = this.#bytes.writeUInt32LE(Math.floor(high / 65536) + Math.floor(low / TWO_32), this.#at);
  }

  #tag(field: number, type: number): void {
    this.#room(32);
    this.#varint(field * 8 + type);
  }

  #varint(value: number): void {
    let rest = value;
    while (rest >= 128) {
      this.#bytes[this.#at++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#at++] = rest;
  }

  #room(bytes: number): void {
    if (this.#at + bytes + 32 <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe((this.#bytes.length + bytes) * 2);
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
  }

  /** Of a span; drawn many at a time. */
  #id(): Uint8Array {
    if (this.#idsAt === this.#ids.length) {
      randomFillSync(this.#ids);
      this.#idsAt = 0;
    }
    this.#idsAt += 8;
    return Uint8Array.prototype.slice.call(this.#ids, this.#idsAt - 8, this.#idsAt);
  }
}
