import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

export interface SeenRecord {
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly timestamp: number;
  readonly traceparent?: string;
}

/** What the members of a group share: offsets with fencing, as the service's store keeps them. */
export interface Ledger {
  readonly seen: SeenRecord[];
  readonly owners: Map<number, Member>;
  readonly offsets: Map<number, number>;
  /** Batches that came from a member that had lost the partition. */
  fenced: number;
  /** Before a batch is taken; what it rejects with is what the handler rejects with. */
  before: (member: Member, partition: number) => Promise<void>;
}

export const ledger = (): Ledger => ({
  seen: [],
  owners: new Map(),
  offsets: new Map(),
  fenced: 0,
  before: () => Promise.resolve(),
});

/** The adapter in a process of its own. */
export interface Member {
  readonly troubles: string[];
  readonly assigned: Set<number>;
  readonly batches: { readonly partition: number; readonly bytes: number; readonly records: number }[];
  call(call: string, about?: object): Promise<unknown>;
  consume(options: object): Promise<unknown>;
  close(): Promise<void>;
  kill(): Promise<void>;
}

const SETTINGS = { tls: false, sasl: 'none', username: '', password: '', sessionMs: 10_000 };

export function startMember(
  brokers: string,
  state: Ledger = ledger(),
  { settings = {}, env = {} }: { readonly settings?: object; readonly env?: Record<string, string> } = {},
): Member {
  const child: ChildProcess = fork(
    join(__dirname, 'kafka/member.cjs'),
    [JSON.stringify({ brokers: brokers.split(','), ...SETTINGS, ...settings })],
    { env: { ...process.env, ...env } },
  );
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => {
      resolve();
    });
  });
  const open = new Map<number, (reply: Reply) => void>();
  let calls = 0;
  const member: Member = {
    troubles: [],
    assigned: new Set(),
    batches: [],
    async call(call, about = {}) {
      const id = ++calls;
      const reply = new Promise<Reply>((resolve) => open.set(id, resolve));
      child.send({ id, call, ...about });
      const { value, error, code } = await reply;
      if (error !== undefined) throw Object.assign(new Error(error), { code });
      return value;
    },
    consume: (options) => member.call('consume', { options }),
    async close() {
      await member.call('close');
      await exited;
    },
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
  child.on('message', (message: Reply & Ask) => {
    if (message.trouble !== undefined) member.troubles.push(message.trouble);
    else if (message.id !== undefined) open.get(message.id)?.(message);
    else {
      answer(state, member, message).then(
        (value) => child.connected && child.send({ ask: message.ask, value }),
        (error: unknown) => child.connected && child.send({ ask: message.ask, error: String(error) }),
      );
    }
  });
  return member;
}

interface Reply {
  readonly id?: number;
  readonly trouble?: string;
  readonly value?: unknown;
  readonly error?: string;
  readonly code?: string;
}

interface Ask {
  readonly ask: number;
  readonly handler: 'assigned' | 'revoked' | 'records';
  readonly partition: number;
  readonly bytes: number;
  readonly records: readonly Omit<SeenRecord, 'partition'>[];
}

async function answer(
  state: Ledger,
  member: Member,
  { handler, partition, records, bytes }: Ask,
): Promise<unknown> {
  if (handler === 'assigned') {
    member.assigned.add(partition);
    state.owners.set(partition, member);
    return state.offsets.get(partition) ?? null;
  }
  if (handler === 'revoked') {
    member.assigned.delete(partition);
    return undefined;
  }
  await state.before(member, partition);
  if (state.owners.get(partition) !== member) {
    state.fenced++;
    throw new Error('another has the partition');
  }
  const last = records[records.length - 1];
  if (last === undefined) throw new Error('an empty batch');
  const from = state.offsets.get(partition) ?? 0;
  if (records.some(({ offset }, i) => offset < from || offset <= (records[i - 1]?.offset ?? -1))) {
    throw new Error('records came twice or out of order');
  }
  state.seen.push(...records.map((record) => ({ ...record, partition })));
  state.offsets.set(partition, last.offset + 1);
  member.batches.push({ partition, bytes, records: records.length });
  return undefined;
}

/** Waits until it holds; fails with `say` after so long. */
export async function until(holds: () => boolean, ms: number, say: () => string): Promise<void> {
  for (const end = Date.now() + ms; !holds();) {
    if (Date.now() > end) throw new Error(say());
    await pause(25);
  }
}
