import { at, send, type Service, startService } from '../service.js';

const CSV_TYPE = { 'content-type': 'text/csv' };

describe('CSV bodies', () => {
  let service: Service;
  let describeUrl: string;
  beforeAll(async () => {
    service = await startService();
    describeUrl = `${service.url}/analytics/describe`;
  });
  afterAll(async () => {
    expect(await service.stop()).toBe(0);
  });

  test('a body cut into two chunks at any byte is the same table', async () => {
    const lines = [
      '\ufeff"größe ""m""",ok,who',
      '1.75,true,"Ada\r\nL."',
      '+1e0,False,日本',
      ',,',
      '"0.5",TRUE,"x"',
    ];
    const body = Buffer.from(lines.join('\r\n'));
    const whole = await send(describeUrl, { headers: CSV_TYPE, body });
    expect([whole.text.slice(0, 300), whole.status]).toEqual([whole.text.slice(0, 300), 200]);
    expect(at(whole.json, 'details', 'columns')).toEqual([
      { name: 'größe "m"', type: 'number', missing: 1 },
      { name: 'ok', type: 'boolean', missing: 1 },
      { name: 'who', type: 'string', missing: 1 },
    ]);
    expect(at(whole.json, 'results', 'größe "m"')).toMatchObject({ count: 3, min: 0.5, '50%': 1, max: 1.75 });
    for (let cut = 1; cut < body.length; cut++) {
      const reply = await send(describeUrl, {
        headers: CSV_TYPE,
        body: [body.subarray(0, cut), body.subarray(cut)],
      });
      expect([cut, reply.status, at(reply.json, 'results'), at(reply.json, 'details')]).toEqual([
        cut,
        200,
        at(whole.json, 'results'),
        at(whole.json, 'details'),
      ]);
    }
  });

  test.each(['wasm', 'js'])('%s: what is wrong is said with its place', async (engine) => {
    const refused = async (body: string): Promise<unknown[]> => {
      const { status, json } = await send(`${describeUrl}?engine=${engine}`, { headers: CSV_TYPE, body });
      return [status, at(json, 'code'), at(json, 'detail')];
    };
    expect(await refused('a,b\n1,2\n3,"4"5\n')).toEqual([
      400,
      'invalid_csv',
      'expected a comma or the end of the line behind a closing quote, got something else at line 3, column 6',
    ]);
    expect((await refused('')).slice(0, 2)).toEqual([400, 'invalid_csv']);
    expect((await refused('a,a\n1,2')).slice(0, 2)).toEqual([422, 'duplicate_column']);
    expect((await refused('a,b\n')).slice(0, 2)).toEqual([422, 'no_data']);
    expect((await refused('a\n1e999\n')).slice(0, 2)).toEqual([422, 'number_out_of_range']);
  });
});
