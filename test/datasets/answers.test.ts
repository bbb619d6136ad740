import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { endpoints } from '../../src/domain/endpoints.js';
import { at, type Service, startService } from '../service.js';
import { bothDocuments, bothWays, essence, MEDIA, publish, type Upload } from './both-ways.js';

const TEST = join(__dirname, '..');
const ENGINES = ['wasm', 'js'] as const;

/** Files of a folder, each as it is posted. */
function files(folder: string, endings: Readonly<Record<string, string>>): Upload[] {
  return readdirSync(join(TEST, folder)).flatMap((name): Upload[] => {
    const ending = Object.keys(endings).find((one) => name.endsWith(one));
    if (ending === undefined) return [];
    return [
      { name: `${folder}/${name}`, type: endings[ending]!, body: readFileSync(join(TEST, folder, name)) },
    ];
  });
}

/** Tables of the golden files: only their data, for what else stands in them is no part of a body. */
const golden = readdirSync(join(TEST, 'golden'))
  .filter((name) => name.endsWith('.json'))
  .map((name): Upload => {
    const { data } = JSON.parse(readFileSync(join(TEST, 'golden', name), 'utf8')) as { data: unknown };
    return { name, type: MEDIA.json, body: JSON.stringify({ data }) };
  });

const json = (name: string, body: string): Upload => ({ name, type: MEDIA.json, body });
const hostile: readonly Upload[] = [
  json('zeros', '{"columns":{"x":[-0,0,0.0,-0.0,1],"y":[0,-0,2,3,4]}}'),
  json('mixed', '{"columns":{"m":[1,"1",true,null,-0,"","true",1e300,"null"],"x":[1,2,3,4,5,6,7,8,9]}}'),
  json('beyond 2^53', '{"columns":{"n":[9007199254740993,1,2,9223372036854775807],"x":[1,2,3,4]}}'),
  json('empty strings', '{"columns":{"s":["",null,"","a",null],"x":[1,null,3,4,5]}}'),
  json(
    'lone surrogates',
    String.raw`{"columns":{"s":["\ud800","\ud801","\udc00a","b","\ud800"],"x":[1,2,3,4,5]}}`,
  ),
  json(
    'names',
    '{"columns":{"__proto__":[1,2,3],"constructor":["a","b","a"],"naïve 😀\\n":[3,1,2],"1":[1,1,2],"0":[true,false,null]}}',
  ),
  json('all missing', '{"columns":{"e":[null,null,null],"x":[1,2,3]}}'),
  json('one row', '{"data":[{"a":1,"b":"x","c":true}]}'),
  json('a column called dataset', '{"columns":{"dataset":["p","q","p"],"reference":[1,2,3]}}'),
  json('subnormal', '{"columns":{"x":[5e-324,1.7976931348623157e308,-5e-324,1]}}'),
  {
    name: 'csv',
    type: MEDIA.csv,
    body: 'a,b,c\r\ninf,x,\r\n-inf,"",true\r\nnan,"q""\n",false\r\n1,2,True\r\n',
  },
  { name: 'ndjson', type: MEDIA.ndjson, body: '{"a":1,"b":"x"}\n{"b":"y"}\n{"a":true,"c":null}\n' },
];

const uploads: readonly Upload[] = [
  ...golden,
  ...files('golden', { '.arrows': MEDIA.stream, '.lz4.arrow': MEDIA.file }),
  ...files('fixtures/arrow', { '.arrows': MEDIA.stream }),
  ...files('corpora/arrow-gold', { '.arrow_file': MEDIA.file }),
  ...files('golden/models', { '.csv': MEDIA.csv }),
  ...hostile,
];

/** A question of each kind that any table can be asked. The golden and the hostile have all, files of other writers some. */
const QUESTIONS: readonly (readonly [path: string, query: string])[] = [
  ['/analytics/describe', ''],
  ['/analytics/describe', 'extended=true'],
  ['/analytics/analyze', ''],
  ['/analytics/cluster', 'n_clusters=2'],
  ['/analytics/correlate', ''],
  ['/analytics/profile', ''],
];

describe('a stored table answers as the upload does', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService();
  });
  afterAll(() => service.stop());

  test('golden tables, files of other writers and hostile ones, by every question, on both engines', async () => {
    let [stored, answered] = [0, 0];
    for (const [i, upload] of uploads.entries()) {
      const id = await publish(service.url, upload).catch(async (error: unknown) => {
        // What no analysis takes is no dataset either.
        const { status } = (await bothWays(`${service.url}/analytics/describe`, '', upload, ''))[0] as {
          status: number;
        };
        if (status === 200) throw error;
        return undefined;
      });
      if (id === undefined) continue;
      stored++;
      const all =
        upload.body instanceof Uint8Array ? [QUESTIONS[1]!, QUESTIONS[i % QUESTIONS.length]!] : QUESTIONS;
      for (const [path, query] of all) {
        const engine = ENGINES[(i + answered) % 2]!;
        const asked = [`engine=${engine}`, query].filter((one) => one !== '').join('&');
        const [body, named] = await bothWays(service.url + path, asked, upload, id);
        expect([upload.name, path, asked, named]).toEqual([upload.name, path, asked, body]);
        if (at(body, 'status') === 200) answered++;
      }
    }
    expect(stored).toBeGreaterThan(70);
    expect(answered).toBeGreaterThan(150);
  }, 120_000);

  test.each(ENGINES)('every endpoint that takes a table, by its example, on %s', async (engine) => {
    const asked: string[] = [];
    const taking = endpoints.filter(({ takes }) => takes === undefined);
    // A model is there before it is asked.
    for (const endpoint of [...taking].sort(
      (a, b) => Number(b.model === 'makes') - Number(a.model === 'makes'),
    )) {
      const { data, columns, reference, ...rest } = endpoint.example;
      expect([endpoint.name, reference]).toEqual([endpoint.name, undefined]);
      const table = data === undefined ? { columns } : { data };
      const id = await publish(service.url, json(endpoint.name, JSON.stringify(table)));
      const path = endpoint.path.replace('{name}', 'iris');
      const [body, named] = await bothDocuments(`${service.url}${path}?engine=${engine}`, table, rest, id!);
      expect([endpoint.name, body.status, body.text.slice(0, 300)]).toEqual([
        endpoint.name,
        endpoint.model === 'makes' ? 201 : 200,
        expect.any(String),
      ]);
      expect([endpoint.name, essence(named)]).toEqual([endpoint.name, essence(body)]);
      asked.push(endpoint.name);
    }
    expect(asked).toEqual(
      expect.arrayContaining(['models.fit', 'models.predict', 'models.evaluate', 'profile']),
    );
  });
});
