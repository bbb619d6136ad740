/** Options that several tests share, as JSON Schema. */

export const alternative = {
  description: 'Alternative hypothesis.',
  enum: ['two-sided', 'less', 'greater'],
  default: 'two-sided',
} as const;

export const confidence_level = {
  description: 'Level of the confidence intervals.',
  type: 'number',
  minimum: 0,
  maximum: 1,
  default: 0.95,
} as const;

export const groupby = {
  description: 'A column whose values split one value column into samples, in sorted order.',
  type: 'string',
} as const;
