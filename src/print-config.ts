/** What the command line can ask for instead of a service. */
import { type Env, misspelt, type Name, readSettings, shown } from './environment.js';

/** What to print, and the code to end with. */
export interface Said {
  readonly out: string;
  readonly error: string;
  readonly code: number;
}

export const USAGE = `usage: node dist/src/main.js [--print-config | --help]
  without arguments  serves, as the environment says
  --print-config     prints every setting, its value and where it comes from, as JSON
`;

/** Answers what the arguments ask; undefined when they ask for nothing but the service. */
export function command(args: readonly string[], env: Env, version: string): Said | undefined {
  const [first, ...rest] = args;
  if (first === undefined) return undefined;
  if (first === '--help' && rest.length === 0) return { out: USAGE, error: '', code: 0 };
  if (first !== '--print-config' || rest.length > 0)
    return { out: '', error: `unknown arguments: ${args.join(' ').slice(0, 100)}\n${USAGE}`, code: 2 };
  return { out: printConfig(env, version), error: '', code: 0 };
}

/**
 * Every setting as JSON, one a line: its value and whether that is the default, the environment's, the machine's or what
 * another setting leaves of it. Then the OTEL_* variables that are set, and names that look like mistakes. Secrets are
 * masked, of addresses the user, the password and the query. Throws as `readSettings` does.
 */
function printConfig(env: Env, version: string): string {
  const { settings, origins } = readSettings(env);
  const own = Object.entries(settings).map(
    ([name, value]) =>
      [
        name,
        { value: typeof value === 'string' ? shown(name, value) : value, from: origins[name as Name] },
      ] as const,
  );
  const standard = Object.entries(env)
    .filter(([name, value]) => name.startsWith('OTEL_') && value !== '')
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value = '']) => [name, { value: shown(name, value), from: 'environment' }] as const);
  return `{
  "version": ${JSON.stringify(version)},
  "settings": ${block(own)},
  "otel": ${block(standard)},
  "warnings": ${JSON.stringify(misspelt(env))}
}
`;
}

const block = (entries: readonly (readonly [string, object])[]): string =>
  entries.length === 0
    ? '{}'
    : `{\n${entries.map(([name, entry]) => `    ${JSON.stringify(name)}: ${JSON.stringify(entry)}`).join(',\n')}\n  }`;
