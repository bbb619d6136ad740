/** The log: one JSON object a line. This module loads pino, so it is loaded after telemetry, which hooks `require`. */
import { pino, stdTimeFunctions } from 'pino';
import type { Audit, Failure, Fields, Log } from '../../ports/log.js';
import { destination } from './destination.js';

export interface LogOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  readonly service: string;
  readonly version: string;
  /** File descriptor; standard output by default. */
  readonly fd?: number;
}

/** A log to standard output. What waits is written when the process exits. */
export function openLog({ level, service, version, fd = 1 }: LogOptions): Log {
  const out = destination(fd, (dropped) => {
    log.warn('lines of this log were dropped: its reader is too slow', { dropped });
  });
  const lines = pino(
    {
      level,
      base: { service, version },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    out,
  );
  const audit = lines.child({ log: 'audit' }, { level: level === 'silent' ? 'silent' : 'info' });
  // V8's messages quote what was parsed, such as that of JSON.parse.
  const messages = level === 'debug';
  const say =
    (at: 'debug' | 'info' | 'warn' | 'error' | 'fatal') =>
    (msg: string, fields: Fields = {}, failure?: Failure): void => {
      if (!lines.isLevelEnabled(at)) return;
      lines[at](failure === undefined ? fields : { ...fields, error: said(failure, messages) }, msg);
    };
  const log: Log = {
    debug: say('debug'),
    info: say('info'),
    warn: say('warn'),
    error: say('error'),
    fatal: say('fatal'),
    audit({ caller, action, model, status, code, requestId, address }: Audit) {
      audit.info(
        { caller: caller ?? null, action, model, status, code, request_id: requestId, address },
        'audit',
      );
    },
  };
  return log;
}

type Said = Omit<Failure, 'message' | 'cause'> & { readonly message?: string; readonly cause?: Said };

function said({ message, cause, ...rest }: Failure, messages: boolean): Said {
  return {
    ...rest,
    ...(messages && { message }),
    ...(cause !== undefined && { cause: said(cause, messages) }),
  };
}
