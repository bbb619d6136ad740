import { readInvocations } from '../../src/adapters/inference/invocations.js';
import type { Decoded } from '../../src/ports/formats.js';
import type { TableLimits } from '../../src/ports/limits.js';
import { cellsOf, describeBoth, refusal, toolsOf } from './tools.js';

/** MLflow's JSON: what `mlflow.pyfunc.scoring_server` takes, read to columns. */
describeBoth((under) => {
  const read = async (body: string | Uint8Array, limits?: Partial<TableLimits>): Promise<Decoded> =>
    readInvocations(
      typeof body === 'string' ? Buffer.from(body) : body,
      toolsOf(under(), limits && { limits }),
    );
  const rows = [
    { a: 1, b: 'x', c: true },
    { a: null, b: 'y', c: false },
  ];
  const columns = { a: [1, null], b: ['x', 'y'], c: [true, false] };
  const split = {
    columns: ['a', 'b', 'c'],
    data: [
      [1, 'x', true],
      [null, 'y', false],
    ],
  };

  test.each<[string, object]>([
    ['dataframe_split', { dataframe_split: split }],
    ['dataframe_split with an index', { dataframe_split: { index: ['r', 7], ...split } }],
    ['dataframe_records', { dataframe_records: rows }],
    ['instances that are objects', { instances: rows }],
    ['inputs by name', { inputs: columns }],
    [
      'inputs by name, each value an array',
      { inputs: { a: [[1], [null]], b: [['x'], ['y']], c: [[true], [false]] } },
    ],
    ['inputs that are rows', { inputs: rows }],
  ])('%s', async (_, document) => {
    const { table, beside } = await read(JSON.stringify(document, null, 1));
    expect(cellsOf(table)).toEqual(columns);
    expect(table.names.map((name) => table.column(name).type)).toEqual(['number', 'string', 'boolean']);
    expect(beside).toEqual(new Map());
  });

  test.each<[string, object, object]>([
    [
      'instances that are arrays',
      {
        instances: [
          [1, 2],
          [3, 4],
        ],
      },
      { 0: [1, 3], 1: [2, 4] },
    ],
    [
      'inputs that are arrays',
      {
        inputs: [
          [1, 2],
          [3, 4],
        ],
      },
      { 0: [1, 3], 1: [2, 4] },
    ],
    ['instances that are values', { instances: [1, 2] }, { 0: [1, 2] }],
  ])('%s are taken by their places', async (_, document, expected) => {
    const { table, beside } = await read(JSON.stringify(document));
    expect(cellsOf(table)).toEqual(expected);
    expect(beside).toEqual(new Map([['positional', true]]));
  });

  test('what stands beside them stays', async () => {
    const { beside } = await read('{"params":{"a":[1]},"instances":[1],"other":null}');
    expect(beside).toEqual(
      new Map<string, unknown>([
        ['params', { a: [1] }],
        ['positional', true],
      ]),
    );
  });

  test('pandas writes numbers as names of columns', async () => {
    const { table } = await read('{"dataframe_split":{"columns":[0,1],"data":[[1,NaN]]}}');
    expect(cellsOf(table)).toEqual({ 0: [1], 1: [null] });
  });

  test.each<[string, string, string, string | undefined]>([
    ['none of the four', '{"data":[1]}', 'invalid_request', ''],
    ['two of the four', '{"inputs":[1],"instances":[1]}', 'invalid_request', ''],
    ['an array', '[[1]]', 'invalid_request', ''],
    ['no JSON', 'a,b', 'invalid_json', undefined],
    ['a split that is an array', '{"dataframe_split":[[1]]}', 'invalid_request', '/dataframe_split'],
    [
      'a split without columns',
      '{"dataframe_split":{"data":[[1]]}}',
      'invalid_request',
      '/dataframe_split/columns',
    ],
    [
      'a split without data',
      '{"dataframe_split":{"columns":["a"]}}',
      'invalid_request',
      '/dataframe_split/data',
    ],
    [
      'a split without rows',
      '{"dataframe_split":{"columns":["a"],"data":[]}}',
      'no_data',
      '/dataframe_split/data',
    ],
    [
      'a split of other widths',
      '{"dataframe_split":{"columns":["a"],"data":[[1,2]]}}',
      'invalid_request',
      '/dataframe_split/data/0',
    ],
    [
      'a ragged split',
      '{"dataframe_split":{"columns":["a","b"],"data":[[1,2],[3]]}}',
      'invalid_request',
      '/dataframe_split/data',
    ],
    [
      'a nested value',
      '{"dataframe_split":{"columns":["a"],"data":[[[1]]]}}',
      'invalid_request',
      '/dataframe_split/data',
    ],
    [
      'a name twice',
      '{"dataframe_split":{"columns":["a","a"],"data":[[1,2]]}}',
      'duplicate_column',
      '/dataframe_split/columns/1',
    ],
    [
      'a name that is none',
      '{"dataframe_split":{"columns":[null],"data":[[1]]}}',
      'invalid_request',
      '/dataframe_split/columns/0',
    ],
    [
      'a strange member',
      '{"dataframe_split":{"columns":["a"],"data":[[1]],"x":1}}',
      'invalid_request',
      '/dataframe_split/x',
    ],
    [
      'an overflow',
      '{"dataframe_split":{"columns":["a","b"],"data":[[1,2],[3,1e999]]}}',
      'number_out_of_range',
      '/dataframe_split/data/1/1',
    ],
    [
      'an overflow in records',
      '{"dataframe_records":[{"a":1e999}]}',
      'number_out_of_range',
      '/dataframe_records/0/a',
    ],
    ['a record that is none', '{"dataframe_records":[1]}', 'invalid_request', '/dataframe_records/0'],
    ['a nested value of a record', '{"instances":[{"a":[1]}]}', 'unsupported_value', '/instances/0/a'],
    ['columns of different lengths', '{"inputs":{"a":[1],"b":[1,2]}}', 'invalid_request', '/inputs/b'],
    ['a column that is a value', '{"inputs":{"a":1}}', 'invalid_request', '/inputs/a'],
    ['no columns', '{"inputs":{}}', 'no_data', '/inputs'],
    ['wide columns', '{"inputs":{"a":[[1,2]]}}', 'invalid_request', '/inputs/a'],
    ['rows of no values', '{"instances":[[]]}', 'no_data', '/instances/0'],
    ['ragged rows', '{"instances":[[1],2]}', 'invalid_request', '/instances'],
    ['text', '{"instances":"[1]"}', 'invalid_request', '/instances'],
  ])('%s: refused at its place', async (_, text, code, pointer) => {
    expect(await refusal(() => read(text))).toMatchObject({ code, pointer });
  });

  test('faults of words name the byte of the body', async () => {
    const split = '{"dataframe_split":{"columns":["a"],"data":[[tru]]}}';
    expect(await refusal(() => read(split))).toMatchObject({
      code: 'invalid_json',
      detail: `expected a value, got "tru]]}}" at byte ${split.indexOf('tru')}`,
    });
    const records = '{ "dataframe_records" : [{"a":tru}]}';
    const { code, detail } = await refusal(() => read(records));
    expect(code).toBe('invalid_json');
    // JSON.parse, which reads records in plain JavaScript, says no byte on every Node.
    if (under().arena !== null) expect(detail).toContain(`at byte ${records.indexOf('tru')}`);
  });

  test('limits hold before anything is made', async () => {
    expect(await refusal(() => read('{"instances":[[1,2,3]]}', { columns: 2 }))).toMatchObject({
      code: 'too_many_columns',
    });
    expect(await refusal(() => read('{"instances":[1,2,3]}', { rows: 2 }))).toMatchObject({
      code: 'too_many_rows',
    });
    expect(await refusal(() => read('{"instances":[[1,2],[3,4]]}', { cells: 3 }))).toMatchObject({
      code: 'too_many_cells',
    });
    expect(await refusal(() => read('{"inputs":{"a":[1],"b":[1],"c":[1]}}', { columns: 2 }))).toMatchObject({
      code: 'too_many_columns',
    });
    const named = '{"inputs":{"' + 'n'.repeat(5000) + '":[1]}}';
    expect(await refusal(() => read(named))).toMatchObject({ code: 'invalid_column_name' });
  });
});
