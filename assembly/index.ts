/** The ABI: one line an export. Pointers are byte offsets into the imported memory. */
export { moments_blocks, moments_merge } from './moments';
export { select_keys, select_ranks } from './select';
export {
  kmeans_mark,
  kmeans_pack,
  kmeans_assign,
  kmeans_inertia,
  kmeans_row,
} from './kmeans';
export { kmeans_gains, kmeans_take } from './gains';
export { kmeans_sift } from './sift';
export { kmeans_singles } from './single';
export { kmeans_potentials, kmeans_closest, kmeans_search } from './seeding';
export { groups_block, groups_merge } from './groups';
export { widen_values } from './widen';
export { decimal_lines } from './decimal';
export { json_parse } from './json';
export { csv_parse } from './csv';
export { random_seed, random_doubles } from './random';
export { student_tail, student_log10_tail, student_quantile, student_ln_beta_incomplete } from './student';

/** First byte that the kernels' own constants do not use. */
export const heap_base: usize = __heap_base;
