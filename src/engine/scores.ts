import type { ClassScores } from '../ports/losses.js';

/** How many classes scores tell apart: two where one linear score a row is the log-odds of the second. */
export const classesOf = ({ kind, starts }: ClassScores): number =>
  kind === 'linear' && starts.length === 1 ? 2 : starts.length;
