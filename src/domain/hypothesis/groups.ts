import { excerpt, Problem } from '../../ports/problem.js';
import type { Space } from '../../ports/space.js';
import type { NumericColumn, Table } from '../../ports/tables.js';
import { groupRows, splitNumbers } from '../grouping.js';
import type { Notes } from '../notes.js';
import type { HypothesisTest, Sample, Takes } from './test.js';

/** Whether the samples may be the groups of one column. */
export function takesGroups({ kind, most, grouped }: Takes): boolean {
  return (kind === 'samples' && most > 1) || grouped === true;
}

/**
 * The values of a column split by the values of another, in the sorted order of those; rows without a key are in none.
 * Throws 422 where the groups are not as many as the test takes, or, for pairs, not equally long.
 */
export function groupedSamples(
  { name: test, takes }: HypothesisTest,
  column: NumericColumn,
  key: string,
  table: Table,
  pointer: string,
  space: Space,
  notes: Notes,
): Sample[] {
  const grouping = groupRows(table, key, pointer, space, notes);
  const { labels, sizes } = grouping;
  if (labels.length < takes.least || labels.length > takes.most) {
    throw refusal(`expected ${countOf(takes)} in ${nameOf(key)} for ${test}, got ${found(labels)}`);
  }
  if (takes.kind === 'pairs' && sizes.some((size) => size !== sizes[0])) {
    const got = labels.map((label, i) => `${sizes[i]} of ${nameOf(label)}`).join(', ');
    throw refusal(`expected groups of equally many rows for ${test}, got ${excerpt(got)}`);
  }
  return splitNumbers(column, grouping, space).map((numbers, i) => ({ name: labels[i]!, numbers }));

  function refusal(detail: string): Problem {
    return Problem.at(pointer, 'invalid_option', detail);
  }
}

function countOf({ least, most }: Takes): string {
  if (least === most) return `${least} groups`;
  return most === Infinity ? `at least ${least} groups` : `${least} to ${most} groups`;
}

/** How many groups there are, and which, as far as they fit. */
function found(labels: readonly string[]): string {
  if (labels.length === 0) return 'none';
  return `${labels.length}: ${excerpt(labels.slice(0, 20).map(nameOf).join(', '))}`;
}

const nameOf = (text: string): string => JSON.stringify(excerpt(text, 40));
