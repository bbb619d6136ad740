import type { DiagLogger } from '@opentelemetry/api';

/** Between two words about an exporter that does not deliver. */
const QUIET_MS = 60_000;
const MOST_CHARACTERS = 200;

/** Hears what the SDK says of itself, and passes on why an export failed, once a minute. */
export function troubleTeller(tell: (reason: string) => void): DiagLogger {
  let last = -Infinity;
  const hear = (said: string): void => {
    if (performance.now() - last < QUIET_MS) return;
    last = performance.now();
    tell(reasonOf(said).slice(0, MOST_CHARACTERS));
  };
  const ignore = (): void => undefined;
  return { error: hear, warn: hear, info: ignore, debug: ignore, verbose: ignore };
}

/** The SDK says an exception as JSON of all that it has, the answer of the collector too. */
function reasonOf(said: string): string {
  try {
    const { message, code, name } = JSON.parse(said) as Readonly<Record<string, unknown>>;
    return [code, message, name].find((word) => typeof word === 'string' && word !== '') as string;
  } catch {
    return said;
  }
}
