/** Parameters that several estimators share, as JSON Schema. */

export const seed = {
  description: 'Seed of what is drawn at random: the same rows and the same seed give the same model.',
  type: 'integer',
  minimum: 0,
  maximum: 4_294_967_295,
  default: 42,
} as const;

export const clusters = {
  description: 'Clusters.',
  type: 'integer',
  minimum: 1,
  maximum: 100_000,
  default: 8,
} as const;

export const starts = {
  anyOf: [{ type: 'integer', minimum: 1, maximum: 1000 }, { enum: ['auto'] }],
  default: 'auto',
} as const;
