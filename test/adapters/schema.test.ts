import { optionsCheck } from '../../src/adapters/schema/options.js';
import { endpoints } from '../../src/domain/endpoints.js';

describe('schemas of options', () => {
  test('all of them compile, endpoints and parts, each once', () => {
    const check = optionsCheck(endpoints);
    let compiled = 0;
    while (check.prepare()) compiled++;
    const parts = endpoints.reduce((sum, { parts: own }) => sum + (own?.size ?? 0), 0);
    expect(compiled).toBe(endpoints.length + parts);
    expect(check.prepare()).toBe(false);
  });

  test('defaults are filled in, of an endpoint and of a part', () => {
    const check = optionsCheck(endpoints);
    const { values } = check.options('describe', {
      body: undefined,
      beside: new Map(),
      query: [],
      depth: 32,
    });
    expect(values).toMatchObject({ nan_policy: 'omit', percentiles: [0.25, 0.5, 0.75] });
    const step = check.part('features', 'standard_scaler', { name: 'standard_scaler' }, '/steps/0');
    expect(step.values).toMatchObject({ with_mean: true, with_std: true });
    expect(step.pointer('with_mean')).toBe('/steps/0/with_mean');
  });

  test('an endpoint or a part that is not there is a mistake of ours', () => {
    const check = optionsCheck(endpoints);
    expect(() => check.part('features', 'magic', {}, '/steps/0')).toThrow(RangeError);
  });
});
