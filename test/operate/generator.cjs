/**
 * Open-loop load from a process of its own: requests start when they are due, whatever became of those before. Reads a
 * plan as JSON from standard input, writes what it saw as JSON to standard output. Latencies count from when a request
 * was due, so a generator that comes late, or a server that holds it up, is not hidden (coordinated omission).
 *
 * plan: { url, seconds, seed, most, streams: [{ name, rate, method, path, headers, body (base64) }] }
 * Each stream has connections of its own, kept alive, at most `most` at a time; one more is counted as `starved`.
 * A stream may have several bodies: `bodies` (list of base64), taken in turn. `inTimeMs`: until an answer is late.
 */
const net = require('node:net');

let input = '';
process.stdin.on('data', (chunk) => (input += chunk)).on('end', () => start(JSON.parse(input)));

function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function start({ url, seconds, seed = 1, most = 512, streams }) {
  const { hostname, port } = new URL(url);
  const began = performance.now();
  const running = streams.map(
    (stream, i) => new Stream(stream, hostname, Number(port), most, random(seed + i)),
  );
  const tick = setInterval(() => {
    const now = performance.now() - began;
    for (const one of running) one.due(Math.min(now, seconds * 1000), began);
    if (now < seconds * 1000) return;
    clearInterval(tick);
    // What is under way may still be answered, for as long as any deadline of the plan.
    const late = setTimeout(report, 35_000);
    const wait = setInterval(() => {
      if (running.some(({ busy }) => busy > 0)) return;
      clearTimeout(late);
      clearInterval(wait);
      report();
    }, 20);
  }, 2);
  const report = () => {
    process.stdout.write(
      JSON.stringify(Object.fromEntries(running.map((one) => [one.name, one.seen()]))),
      () => process.exit(0),
    );
  };
}

class Stream {
  constructor(stream, host, port, most, draw) {
    const { name, rate, method = 'POST', path, headers = {}, body, bodies, inTimeMs = Infinity } = stream;
    Object.assign(this, { name, rate, inTimeMs, host, port, most, draw });
    const parts = (bodies ?? [body]).map((text) => Buffer.from(text ?? '', 'base64'));
    this.wires = parts.map((bytes) => {
      const lines = Object.entries({ host: `${host}:${port}`, ...headers }).map(
        ([key, value]) => `${key}: ${value}`,
      );
      if (bytes.length > 0 || method === 'POST') lines.push(`content-length: ${bytes.length}`);
      return Buffer.concat([
        Buffer.from([`${method} ${path} HTTP/1.1`, ...lines, '', ''].join('\r\n')),
        bytes,
      ]);
    });
    this.next = 0;
    this.sent = 0;
    this.idle = [];
    this.busy = 0;
    this.answers = [];
    this.failures = {};
    this.starved = 0;
    this.gap();
  }

  /** Poisson arrivals. */
  gap() {
    this.next += (-Math.log(1 - this.draw()) / this.rate) * 1000;
  }

  due(now, began) {
    while (this.next <= now) {
      this.ask(began + this.next);
      this.gap();
    }
  }

  ask(at) {
    if (this.busy >= this.most) {
      this.starved++;
      return;
    }
    const wire = this.wires[this.sent++ % this.wires.length];
    const connection = this.idle.pop() ?? this.connect();
    connection.at = at;
    this.busy++;
    connection.socket.write(wire);
  }

  fail(connection, why) {
    if (connection.at === undefined) return;
    connection.at = undefined;
    this.busy--;
    this.failures[why] = (this.failures[why] ?? 0) + 1;
  }

  connect() {
    const socket = net.connect({ host: this.host, port: this.port, noDelay: true });
    const connection = { socket, at: undefined, seen: Buffer.alloc(0), head: undefined };
    const gone = () => {
      const place = this.idle.indexOf(connection);
      if (place >= 0) this.idle.splice(place, 1);
    };
    socket.on('error', (error) => {
      gone();
      this.fail(connection, error.code ?? error.message);
    });
    socket.on('close', () => {
      gone();
      this.fail(connection, 'closed');
    });
    socket.on('data', (chunk) => this.read(connection, chunk));
    return connection;
  }

  read(connection, chunk) {
    connection.seen = connection.seen.length === 0 ? chunk : Buffer.concat([connection.seen, chunk]);
    if (connection.head === undefined) {
      const end = connection.seen.indexOf('\r\n\r\n');
      if (end < 0) return;
      const text = connection.seen.toString('latin1', 0, end);
      if (/^HTTP\/1\.1 100/u.test(text)) {
        connection.seen = connection.seen.subarray(end + 4);
        this.read(connection, Buffer.alloc(0));
        return;
      }
      const status = Number(text.slice(9, 12));
      const length = Number(/\r\ncontent-length: *(\d+)/iu.exec(text)?.[1] ?? 0);
      const close = /\r\nconnection: *close/iu.test(text);
      const retry = Number(/\r\nretry-after: *(\d+)/iu.exec(text)?.[1] ?? 0);
      connection.head = { status, total: end + 4 + length, close, retry };
    }
    const { status, total, close, retry } = connection.head;
    if (connection.seen.length < total) return;
    connection.seen = Buffer.alloc(0);
    connection.head = undefined;
    if (connection.at === undefined) return;
    const now = performance.now();
    this.answers.push([status, now - connection.at, now, retry]);
    connection.at = undefined;
    this.busy--;
    if (close) connection.socket.end();
    else this.idle.push(connection);
  }

  seen() {
    const { sent, starved, failures, answers, inTimeMs } = this;
    const soon = answers.filter(([, ms]) => ms <= inTimeMs);
    const good = soon.filter(([status]) => status === 200).length;
    const statuses = {};
    for (const [status, ms, , retry] of answers) {
      const one = (statuses[status] ??= { count: 0, times: [], retries: [] });
      one.count++;
      one.times.push(ms);
      if (retry > 0) one.retries.push(retry);
    }
    const at = (sorted, p) => sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))];
    for (const one of Object.values(statuses)) {
      const sorted = one.times.sort((a, b) => a - b);
      Object.assign(one, {
        p50: at(sorted, 0.5),
        p90: at(sorted, 0.9),
        p99: at(sorted, 0.99),
        max: sorted.at(-1),
      });
      one.retries = [...new Set(one.retries)].sort((a, b) => a - b);
      delete one.times;
    }
    return { sent, inTime: soon.length, good, starved, failures, unanswered: this.busy, statuses };
  }
}
