import type { Decoder } from '../../ports/formats.js';

/** A header line and rows, RFC 4180; types are inferred over whole columns. */
export const readCsv: Decoder = (body, { engine, limits }) => ({
  table: engine.csv(body, limits),
  options: undefined,
});
