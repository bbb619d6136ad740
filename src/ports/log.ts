import type { ProblemCode } from './problem.js';

/** What a line says beside its message: never a value of the data, never a name of a column. */
export type Fields = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** An exception, in parts of which only `message` may quote what a client sent. */
export interface Failure {
  /** Name of its class, or what was thrown where that is no Error. */
  readonly type: string;
  /** Node's code, such as ENOSPC. */
  readonly code?: string;
  readonly message: string;
  /** Where it was thrown, innermost first. */
  readonly frames: readonly string[];
  readonly cause?: Failure;
}

type Say = (msg: string, fields?: Fields, failure?: Failure) => void;

/** Lines for the people who run the service. None of it throws or waits. */
export interface Log {
  readonly debug: Say;
  readonly info: Say;
  readonly warn: Say;
  readonly error: Say;
  /** The process ends of it. */
  readonly fatal: Say;
  /** Written whatever the level is, unless that is `silent`. */
  readonly audit: (entry: Audit) => void;
}

/** Who did what. */
export interface Audit {
  /** Undefined: nobody that is known. */
  readonly caller: string | undefined;
  /** Method and route, such as `DELETE /models/:name`. */
  readonly action: string;
  readonly model?: string | undefined;
  readonly status: number;
  readonly code?: ProblemCode | undefined;
  readonly requestId: string;
  /** Of the client, as the connection has it. */
  readonly address: string | undefined;
}

const MOST_FRAMES = 20;
const MOST_CAUSES = 3;
const FRAME = /^ {4}at (\S.*)$/u;
const WORD = /^[A-Za-z_$][\w$]{0,63}$/u;
/** Codes of Node, of the system, of the HTTP parser, of SQLite: words of programs, never of a client. */
const CODE = /^(E[A-Z0-9]{2,15}|(ERR|HPE|DEP|SQLITE)[A-Z0-9_]{1,60})$/u;

/** What was thrown, in parts. */
export function failureOf(thrown: unknown, causes = MOST_CAUSES): Failure {
  if (!(thrown instanceof Error)) return { type: typeof thrown, message: say(thrown), frames: [] };
  const { name, message, cause } = thrown;
  const code = 'code' in thrown ? thrown.code : undefined;
  return {
    type: WORD.test(name) ? name : 'Error',
    ...(typeof code === 'string' && CODE.test(code) && { code }),
    message,
    frames: framesOf(thrown),
    ...(cause !== undefined && causes > 0 && { cause: failureOf(cause, causes - 1) }),
  };
}

/** The frames of its stack, without the head: that has the message, which may have lines that look like frames. */
function framesOf({ stack, message }: Error): string[] {
  if (typeof stack !== 'string') return [];
  const said = message === '' ? -1 : stack.indexOf(message);
  const rest = said < 0 ? stack : stack.slice(said + message.length);
  const frames = rest.split('\n').flatMap((line) => FRAME.exec(line)?.[1] ?? []);
  return frames.slice(0, MOST_FRAMES);
}

/** Also of what has no string of its own. */
function say(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return '';
  }
}
