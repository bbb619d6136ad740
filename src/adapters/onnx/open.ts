import type { InferenceSession } from 'onnxruntime-web';
import { RuntimeLost, type OnnxSession, type OpenOnnx, type Tensor } from '../../ports/onnx.js';
import { excerpt, Problem } from '../../ports/problem.js';
import { QUIET, startRuntime, type Runtime } from './runtime.js';
import { fromRuntime, toRuntime } from './tensors.js';
import { lacking, verify, type Verified } from './verify.js';

/** A session takes its file several times while it opens. */
const COPIES = 4;
const GiB = 2 ** 30;

/**
 * Starts the runtime and gives what opens ONNX files in it. Its memory grows to at most `bytes`, never beyond 1 GiB. It takes
 * a quarter of a second and 70 MB: load it where a model asks for it. Throws Problem `engine_unavailable` without WebAssembly.
 */
export async function startOnnx(bytes: number): Promise<OpenOnnx> {
  if (!('WebAssembly' in globalThis)) {
    const detail = 'expected a host with WebAssembly for a model in ONNX, got one without';
    throw new Problem('engine_unavailable', detail);
  }
  const runtime = await startRuntime(Math.min(bytes, GiB));
  return async (file) => {
    const verified = verify(file, Math.floor(runtime.most / COPIES));
    return sessionOf(runtime, verified, await guarded(() => runtime.open(file), verified, runtime));
  };
}

function sessionOf(runtime: Runtime, verified: Verified, session: InferenceSession): OnnxSession {
  const { takes, gives, classes, opsets } = verified;
  return {
    inputs: takes,
    outputs: gives,
    classes,
    opsets,
    version: runtime.version,
    async run(feeds) {
      const given = Object.fromEntries(
        takes.map(({ name, type }) => {
          const tensor = feeds.get(name);
          if (tensor?.type !== type) throw new RangeError(`a tensor of ${type} is to be fed to ${name}`);
          return [name, toRuntime(runtime.Tensor, tensor)];
        }),
      );
      const made = await guarded(() => session.run(given, QUIET), verified, runtime);
      return new Map(gives.map(({ name }): [string, Tensor] => [name, fromRuntime(name, made[name])]));
    },
    release: () => session.release(),
  };
}

/**
 * What goes wrong in the runtime, in the service's words. It names its own failures by a code; what has none (a trap, an
 * abort, an exception that nobody caught) leaves its memory in a state that nobody knows.
 */
async function guarded<T>(use: () => Promise<T>, verified: Verified, { most }: Runtime): Promise<T> {
  try {
    return await use();
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    if (/bad_alloc|failed to allocate|Tensor shape is too large/iu.test(text))
      throw lacking(`a model that needs at most ${most} bytes of memory`, 'one that needs more');
    if (error instanceof Error && /ERROR_CODE: \d+/u.test(text)) throw said(text, verified);
    const reason = excerpt(text.replaceAll(/\s+/gu, ' '), 120);
    throw new RuntimeLost(`expected a model that runs, got one that stopped the runtime: ${reason}`);
  }
}

/** Messages of the runtime that say what a model lacks, and how it is said here. */
const MESSAGES: readonly (readonly [RegExp, (found: readonly string[], verified: Verified) => Problem])[] = [
  [
    /No Op registered for (\S+) with domain_version of (\d+)/u,
    ([, operator = '', version = ''], verified) =>
      lacking(
        'operators that the runtime has',
        `operator ${excerpt(operator, 60)} of domain ${domainOf(operator, verified)} (opset ${version}), which is not supported`,
      ),
  ],
  [
    /([^\s:]*):(\S+)\(-?\d+\) is not a registered function\/op/u,
    ([, domain = '', operator = '']) =>
      lacking(
        'operators that the runtime has',
        `operator ${excerpt(operator, 60)} of domain ${excerpt(domain === '' ? 'ai.onnx' : domain, 60)}, which is not supported`,
      ),
  ],
  [
    /Could not find an implementation for (\S+)\((\d+)\)/u,
    ([, operator = '', version = ''], verified) =>
      lacking(
        'operators that the runtime has for the types they are given',
        `operator ${excerpt(operator, 60)} (version ${version}) of domain ${domainOf(operator, verified)}, which it has not`,
      ),
  ],
  [
    /Opset (\d+) is under development.*support for domain (\S+) is till opset (\d+)/su,
    ([, got = '', domain = '', most = '']) =>
      lacking(`opset ${most} of domain ${domain} at most`, `opset ${got}`),
  ],
  [
    /Unsupported model IR version: (\d+), max supported IR version: (\d+)/u,
    ([, got = '', most = '']) => lacking(`IR version ${most} at most`, `IR version ${got}`),
  ],
  [/protobuf parsing failed/u, () => lacking('an ONNX file', 'one that the runtime cannot parse')],
];

function said(text: string, verified: Verified): Problem {
  for (const [pattern, problem] of MESSAGES) {
    const found = pattern.exec(text);
    if (found !== null) return problem(found, verified);
  }
  return lacking('a model that the runtime can run', `one of which it says: ${shortened(text)}`);
}

function domainOf(operator: string, { operators }: Verified): string {
  const domains = [...operators].filter(([, names]) => names.has(operator)).map(([domain]) => domain);
  return excerpt(domains.join(' or '), 60);
}

/** Without the runtime's own places: paths of its sources, functions of C++. */
function shortened(text: string): string {
  const message = text
    .replace(/^.*?ERROR_MESSAGE:\s*/su, '')
    .replace(/^\[ONNXRuntimeError\] : \d+ : \w+ : /u, '')
    .replaceAll(/\s+/gu, ' ');
  const plain = message.replaceAll(/(?:[\w./-]*\/)?[\w.-]+\.(?:cc|h):\d+ (?:.*\) )?/gu, '');
  return excerpt(plain.trim(), 200);
}
