import { Problem } from '../../ports/problem.js';
import type { Decoder } from '../../ports/formats.js';

/** Characters of all that is no table. */
const MOST_BESIDE = 8 * 2 ** 20;

/**
 * `{"data": [{…}, …], "options": {…}}`, rows, or `{"columns": {"a": […], …}, "options": {…}}`; whether other members may
 * stand beside them is not for this to say.
 */
export const readJson: Decoder = (body, { engine, limits }) => {
  const { table, rest } = engine.json(body, 'document', limits);
  const length = [...rest.values()].reduce((sum, text) => sum + text.length, 0);
  // JSON.parse takes twenty times its text, and nothing ends it before it is through.
  if (length > MOST_BESIDE)
    throw new Problem(
      'too_large',
      `expected options, and what else stands beside the data, of at most ${MOST_BESIDE} characters, got ${length}`,
    );
  const members = new Map([...rest].map(([key, text]) => [key, JSON.parse(text) as unknown]));
  const options = members.get('options');
  members.delete('options');
  return { table, options, beside: members };
};

/** One row object a line. */
export const readNdjson: Decoder = (body, { engine, limits }) => ({
  table: engine.json(body, 'lines', limits).table,
  options: undefined,
});
