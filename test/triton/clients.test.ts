import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type Call, recorded, rounded, SCRIPT, startsOf } from '../inference/clients.js';
import { temporaryFolder } from '../registry/folder.js';
import { type Service, startService } from '../service.js';

/** A Python with test/triton/requirements.txt: `.ci/run` makes one. */
const PYTHON = process.env.TRITON_PYTHON ?? 'python3';

/** The real clients of Triton and of MLServer, against the service as it starts. */
describe('tritonclient.http and MLServer', () => {
  let service: Service;
  let calls: readonly Call[];
  beforeAll(async () => {
    service = await startService({ env: { DATA_DIR: temporaryFolder() } });
    const { stdout } = await promisify(execFile)(PYTHON, [SCRIPT, service.url], { maxBuffer: 2 ** 24 });
    calls = JSON.parse(stdout) as readonly Call[];
  }, 120_000);
  afterAll(() => service.stop());

  test.each(recorded.map((call) => [call.name, call] as const))('%s', (name, { request, answer }) => {
    const call = calls.find((one) => one.name === name);
    expect(rounded(call?.answer)).toEqual(rounded(answer));
    // The recording is what this client sends.
    expect(sent(call!.request)).toEqual(sent(request));
  });

  test('no call is without a recording', () => {
    expect(calls.map(({ name }) => name)).toEqual(recorded.map(({ name }) => name));
  });
});

/** Request lines, what the protocol adds to the headers, and bodies; a compressed one holds the time of day. */
function sent(request: string): string[] {
  const text = Buffer.from(request, 'base64').toString('latin1');
  const starts = startsOf(text);
  return starts
    .map((start, i) => {
      const one = text.slice(start, starts[i + 1]);
      const end = one.indexOf('\r\n\r\n');
      const head = one.slice(0, end);
      const [line] = head.split('\r\n');
      const length = /inference-header-content-length: \d+/iu.exec(head)?.[0] ?? '';
      return [line, length.toLowerCase(), /content-encoding/iu.test(head) ? '' : one.slice(end)].join('\n');
    })
    .sort();
}
