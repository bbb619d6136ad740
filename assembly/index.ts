/** The ABI: one line an export. Pointers are byte offsets into the imported memory. */
export { team_help, team_clear, team_lead, team_wait } from './team';
export { moments_merge } from './moments';
export { kmeans_mark, kmeans_pack, kmeans_row } from './kmeans';
export { kmeans_search } from './seeding';
export { kmeans_add, kmeans_carry } from './fit';
export { groups_merge } from './groups';
export { comoments_merge, comoments_finish } from './comoments';
export { neighbours_boxes } from './neighbours';
export { order_sample, order_starts } from './order';
export { inversions_starts } from './inversions';
export { decimal_lines } from './decimal';
export { json_parse } from './json';
export { csv_parse } from './csv';
export { random_seed, random_doubles } from './random';
export { student_tail, student_log10_tail, student_quantile, student_ln_beta_incomplete } from './student';
export {
  distributions_scratch,
  distributions_tail,
  distributions_log10_tail,
  distributions_point,
  distributions_quantile,
  distributions_log10,
  distributions_log10_complement,
  distributions_paths,
} from './distributions';
export { ranks_wilcoxon, ranks_kendall, ranks_mann_whitney } from './ranks';

/** First byte that the kernels' own constants do not use. */
export const heap_base: usize = __heap_base;
