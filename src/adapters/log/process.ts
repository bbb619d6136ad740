import { failureOf, type Log } from '../../ports/log.js';
import { Problem } from '../../ports/problem.js';

/** Codes of errors that are one connection's, and over with it. */
const OF_A_CONNECTION = new Set([
  'ECONNRESET',
  'EPIPE',
  'ECONNABORTED',
  'ECANCELED',
  'ETIMEDOUT',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_WRITE_AFTER_END',
  'ERR_STREAM_PREMATURE_CLOSE',
]);

/**
 * Logs what nothing caught, and Node's warnings. After an exception that nothing caught, or a rejection that nobody waited
 * for, the state of the process is unknown, and it ends with 1, as Node has it end by default: who runs it starts it anew.
 * It goes on where the error itself says that it was one connection's or one request's.
 */
export function watchProcess(log: Log): void {
  const caught =
    (what: string) =>
    (thrown: unknown): void => {
      const failure = failureOf(thrown);
      if (thrown instanceof Problem || OF_A_CONNECTION.has(failure.code ?? '')) {
        log.error(`${what}; it was one request's`, {}, failure);
        return;
      }
      log.fatal(`${what}; the process ends`, {}, failure);
      process.exit(1);
    };
  process.on('uncaughtException', caught('nothing caught an exception'));
  process.on('unhandledRejection', caught('nobody waited for what failed'));
  // Node's own listener prints them as text.
  process.removeAllListeners('warning');
  process.on('warning', (warning) => {
    const { type, code, message } = failureOf(warning);
    log.warn('a warning of Node', { type, code, warning: message });
  });
}
