import { instantiateSync } from '@assemblyscript/loader';

/** The kernels, as assembly/index.ts exports them. Pointers are byte offsets into the imported memory. */
export interface Kernels {
  readonly heap_base: { readonly value: number };
  /** These return what is to be done next: assembly/team.ts. */
  team_help(control: number, lane: number): number;
  team_clear(control: number): number;
  team_lead(control: number, shared: number): number;
  team_wait(control: number): number;
  moments_merge(partials: number, blocks: number, out: number): void;
  kmeans_mark(chunks: number, chunkCount: number, labels: number): number;
  kmeans_pack(chunks: number, chunkCount: number, labels: number, out: number): void;
  kmeans_add(total: number, parts: number, count: number, size: number, changed: number): number;
  kmeans_carry(
    total: number,
    parts: number,
    count: number,
    size: number,
    k: number,
    changed: number,
    all: number,
  ): number;
  kmeans_row(frame: number, row: number, out: number): void;
  kmeans_search(
    values: number,
    from: number,
    to: number,
    base: number,
    targets: number,
    count: number,
    found: number,
  ): number;
  groups_merge(total: number, part: number, groups: number): void;
  comoments_merge(partials: number, blocks: number, columnCount: number, total: number): void;
  comoments_finish(total: number, columnCount: number, out: number): void;
  neighbours_boxes(forest: number): void;
  order_sample(plan: number, scratch: number): void;
  order_starts(plan: number): void;
  inversions_starts(tallies: number, blocks: number, starts: number): void;
  json_parse(frame: number, body: number, length: number, lines: boolean): void;
  csv_parse(frame: number, body: number, length: number): void;
  random_seed(state: number, seed: number): void;
  random_doubles(state: number, out: number, count: number): void;
  distributions_scratch(): number;
  distributions_tail(
    kind: number,
    upper: boolean,
    x: number,
    a: number,
    b: number,
    c: number,
    scratch: number,
  ): number;
  distributions_log10_tail(
    kind: number,
    upper: boolean,
    x: number,
    a: number,
    b: number,
    c: number,
    scratch: number,
  ): number;
  distributions_point(kind: number, k: number, a: number, b: number, c: number): number;
  distributions_quantile(
    kind: number,
    upper: boolean,
    p: number,
    a: number,
    b: number,
    c: number,
    scratch: number,
  ): number;
  distributions_log10(value: number, exponent: number): number;
  distributions_log10_complement(p: number): number;
  distributions_paths(
    scratch: number,
    m: number,
    n: number,
    divisor: number,
    d: number,
    oneSided: boolean,
  ): number;
  ranks_wilcoxon(n: number, out: number): void;
  ranks_kendall(n: number, total: number, out: number): void;
  ranks_mann_whitney(m: number, n: number, total: number, out: number): void;
  student_tail(t: number, df: number): number;
  student_log10_tail(t: number, df: number): number;
  student_quantile(p: number, df: number): number;
  student_ln_beta_incomplete(a: number, b: number, x: number, y: number): number;
}

/** An instance of the compiled kernels over a memory. Throws when the two do not fit. */
export function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): Kernels {
  const { exports } = instantiateSync<Kernels & Record<string, unknown>>(module, { env: { memory } });
  return exports;
}
