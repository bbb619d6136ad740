/**
 * Clients of a service that will be stopped, in a process of their own. For every message { url, seed } of the parent they
 * ask until no connection is taken any more, and send back what became of every request. Times are of the system's
 * monotonic clock, in milliseconds, which both processes share. 'warm' is sent when each of them has had an answer.
 */
const net = require('node:net');

const now = () => Number(process.hrtime.bigint()) / 1e6;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const JSON_TYPE = 'application/json';
/** Since the last connection that was taken. */
const PATIENCE_MS = 20_000;

function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One connection; answers come in the order of the requests. */
class Connection {
  constructor(port) {
    this.opened = now();
    this.seen = Buffer.alloc(0);
    this.waiting = [];
    this.taken = false;
    this.over = undefined;
    this.socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
    this.ready = new Promise((resolve) => {
      this.socket.once('connect', () => {
        this.taken = true;
        resolve(true);
      });
      this.socket.once('close', () => resolve(false));
    });
    this.ended = new Promise((resolve) => this.socket.once('close', resolve));
    this.socket.on('data', (chunk) => {
      this.seen = this.seen.length === 0 ? chunk : Buffer.concat([this.seen, chunk]);
      for (let reply = this.next(); reply !== undefined; reply = this.next()) this.waiting.shift()?.(reply);
    });
    this.socket.on('end', () => this.end('closed'));
    this.socket.on('error', (error) => this.end(error.code ?? error.message));
    this.socket.on('close', () => this.end('closed'));
  }

  end(why) {
    this.over ??= why;
    const broken = this.seen.length > 0 ? `half an answer, ${this.over}` : this.over;
    for (const settle of this.waiting.splice(0)) settle({ failed: broken });
  }

  next() {
    const end = this.seen.indexOf('\r\n\r\n');
    if (end < 0) return undefined;
    const head = this.seen.toString('latin1', 0, end);
    const length = Number(/\r\ncontent-length: *(\d+)/iu.exec(head)?.[1] ?? 0);
    if (this.seen.length < end + 4 + length) return undefined;
    const text = this.seen.toString('utf8', end + 4, end + 4 + length);
    this.seen = this.seen.subarray(end + 4 + length);
    return {
      status: Number(head.slice(9, 12)),
      closes: /\r\nconnection: *close/iu.test(head),
      retry: Number(/\r\nretry-after: *(\d+)/iu.exec(head)?.[1] ?? 0),
      code: /"(?:code|status)":"(\w+)"/u.exec(text)?.[1],
      text,
      at: now(),
    };
  }

  reply() {
    if (this.over !== undefined) return Promise.resolve({ failed: this.over });
    return new Promise((resolve) => this.waiting.push(resolve));
  }
}

const head = (method, path, length, trace) =>
  [
    `${method} ${path} HTTP/1.1`,
    'host: x',
    ...(length === undefined ? [] : [`content-type: ${JSON_TYPE}`, `content-length: ${length}`]),
    ...(trace === undefined ? [] : [`traceparent: 00-${trace}-00f067aa0ba902b7-01`]),
    '',
    '',
  ].join('\r\n');

async function run({ url, seed }, warm) {
  const port = Number(new URL(url).port);
  const draw = random(seed);
  const outcomes = [];
  const idle = [];
  /** Workers that had no answer yet. */
  const cold = new Set();
  let last = now();
  let refused = 0;
  /** No connection was taken at the first of these; none may be from then on. */
  let closedAt;
  let takenLater = 0;

  const open = async () => {
    const connection = new Connection(port);
    if (await connection.ready) {
      last = now();
      if (closedAt !== undefined && connection.opened > closedAt) takenLater++;
      return connection;
    }
    if (connection.over === 'ECONNREFUSED') {
      refused++;
      closedAt ??= now();
    } else outcomes.push({ kind: 'connect', failed: connection.over, sent: connection.opened, end: now() });
    return undefined;
  };
  const trace = () =>
    Array.from({ length: 4 }, () =>
      Math.floor(draw() * 2 ** 32)
        .toString(16)
        .padStart(8, '0'),
    ).join('');
  const over = () => closedAt !== undefined || now() - last > PATIENCE_MS;

  /** Asks again and again over one connection, another one where that has ended. */
  const worker = async (kind, ask, pauseMs, once = false) => {
    const asking = {};
    cold.add(asking);
    let connection;
    while (!over()) {
      // A connection that the service has ended by now is not asked.
      if (connection?.over !== undefined) connection = undefined;
      connection ??= await open();
      if (connection === undefined) return;
      const sent = now();
      for (const one of await ask(connection)) {
        const { text, ...rest } = one;
        outcomes.push({ kind, sent, ...rest, end: one.at ?? now() });
      }
      cold.delete(asking);
      if (cold.size === 0) warm();
      if (once || connection.over !== undefined || outcomes.at(-1)?.closes) {
        connection.socket.end();
        connection = undefined;
      }
      await sleep(draw() * pauseMs);
    }
    connection?.socket.end();
  };

  const post = (path, document) => {
    const body = Buffer.from(JSON.stringify(document));
    return async (connection) => {
      const traceId = trace();
      connection.socket.write(Buffer.concat([Buffer.from(head('POST', path, body.length, traceId)), body]));
      return [{ ...(await connection.reply()), traceId }];
    };
  };
  const get = (path) => async (connection) => {
    connection.socket.write(head('GET', path));
    return [await connection.reply()];
  };
  const small = { columns: { a: Array.from({ length: 50 }, (_, i) => (i * 7) % 13) } };
  const column = (rows) => Array.from({ length: rows }, (_, i) => Math.sin(i) * 100);
  const long = (rows, clusters) => ({
    columns: { a: column(rows), b: column(rows).reverse() },
    options: { n_clusters: clusters, n_init: 1, max_iter: 60, tol: 0 },
  });
  /** In pieces over some tenths of a second. */
  const upload = async (connection) => {
    const body = Buffer.from(JSON.stringify({ columns: { a: column(20_000) } }));
    const traceId = trace();
    connection.socket.write(head('POST', '/analytics/describe', body.length, traceId));
    const reply = connection.reply();
    const pieces = 10;
    for (let i = 0; i < pieces && connection.over === undefined; i++) {
      connection.socket.write(
        body.subarray(Math.floor((body.length * i) / pieces), Math.floor((body.length * (i + 1)) / pieces)),
      );
      await sleep(10 + draw() * 30);
      if (connection.waiting.length === 0) break;
    }
    return [{ ...(await reply), traceId }];
  };
  const fit = async (connection) => {
    const [reply] = await post('/models', {
      name: `model-${seed}`,
      columns: { a: [1, 2, 3, Math.floor(draw() * 100)] },
      pipeline: [{ name: 'kmeans', n_clusters: 1 }],
    })(connection);
    if (reply.status !== 201) return [reply];
    const { name, version } = JSON.parse(reply.text).results;
    return [{ ...reply, model: { name, version } }];
  };
  /** Three at once: none waits for the answer of another. */
  const pipelined = async (connection) => {
    const body = Buffer.from(JSON.stringify(small));
    const one = Buffer.concat([Buffer.from(head('POST', '/analytics/describe', body.length)), body]);
    const replies = [connection.reply(), connection.reply(), connection.reply()];
    connection.socket.write(Buffer.concat([one, one, one]));
    const all = await Promise.all(replies);
    // What comes behind an answer that ends the connection is the client's to ask again (RFC 9112, 9.6).
    const ends = all.findIndex(({ closes }) => closes === true);
    return ends < 0 ? all : all.slice(0, ends + 1);
  };
  /** A connection of which nothing more is asked is to be closed, and not reset. */
  const quiet = async (asks) => {
    const connection = await open();
    if (connection === undefined) return;
    if (asks) await get('/health/live')(connection);
    connection.socket.once('end', () => connection.socket.end());
    await connection.ended;
    idle.push(connection.over);
  };

  const running = [
    ...Array.from({ length: 4 }, () => worker('small', post('/analytics/describe', small), 10)),
    ...Array.from({ length: 2 }, () => worker('small', post('/analytics/describe', small), 60)),
    worker('long', post('/analytics/analyze', long(2_000, 20)), 150),
    worker('long', post('/analytics/analyze', long(3_000, 30)), 150),
    worker('upload', upload, 10),
    worker('upload', upload, 10),
    worker('fit', fit, 150),
    worker('pipelined', pipelined, 20),
    worker('probe-kept', get('/health/ready'), 6),
    worker('probe-new', get('/health/ready'), 20, true),
    quiet(false),
    quiet(true),
  ];
  await Promise.all(running);
  return { outcomes, idle, closedAt, refused, takenLater };
}

process.on('message', (plan) => {
  let told = false;
  const warm = () => {
    if (!told) process.send('warm');
    told = true;
  };
  run(plan, warm).then(
    (seen) => process.send(seen),
    (error) => {
      process.stderr.write(`${String(error?.stack ?? error)}\n`);
      process.exit(1);
    },
  );
});
process.on('disconnect', () => process.exit(0));
