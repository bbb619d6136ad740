import { instantiateSync } from '@assemblyscript/loader';

/** The kernels, as assembly/index.ts exports them. Pointers are byte offsets into the imported memory. */
export interface Kernels {
  readonly heap_base: { readonly value: number };
  moments_blocks(
    chunks: number,
    chunkCount: number,
    firstBlock: number,
    lastBlock: number,
    higher: number,
    scratch: number,
    partials: number,
  ): void;
  moments_merge(partials: number, blocks: number, out: number): void;
  select_keys(chunks: number, chunkCount: number, keys: number): number;
  select_ranks(
    keys: number,
    count: number,
    ranks: number,
    rankCount: number,
    tables: number,
    out: number,
  ): void;
  kmeans_mark(chunks: number, chunkCount: number, labels: number): number;
  kmeans_pack(chunks: number, chunkCount: number, labels: number, out: number): void;
  kmeans_assign(
    frame: number,
    from: number,
    to: number,
    centers: number,
    k: number,
    labels: number,
    sums: number,
    scratch: number,
  ): number;
  kmeans_sift(
    frame: number,
    from: number,
    to: number,
    centers: number,
    k: number,
    labels: number,
    plan: number,
    fresh: number,
  ): number;
  kmeans_singles(frame: number, from: number, to: number, scale: number, singles: number): void;
  kmeans_inertia(
    frame: number,
    from: number,
    to: number,
    centers: number,
    labels: number,
    out: number,
  ): number;
  kmeans_row(frame: number, row: number, out: number): void;
  kmeans_potentials(
    frame: number,
    from: number,
    to: number,
    candidates: number,
    trials: number,
    closest: number,
    potentials: number,
    lowered: number,
  ): void;
  kmeans_closest(
    frame: number,
    from: number,
    to: number,
    center: number,
    first: number,
    closest: number,
    scratch: number,
  ): number;
  kmeans_gains(frame: number, from: number, to: number, seeds: number, trials: number, gains: number): void;
  kmeans_take(
    frame: number,
    from: number,
    to: number,
    center: number,
    trial: number,
    seeds: number,
    scratch: number,
  ): number;
  kmeans_search(
    values: number,
    from: number,
    to: number,
    base: number,
    targets: number,
    count: number,
    found: number,
  ): number;
  groups_block(
    chunks: number,
    chunkCount: number,
    block: number,
    labels: number,
    groups: number,
    part: number,
  ): void;
  groups_merge(total: number, part: number, groups: number): void;
  widen_values(
    storage: number,
    source: number,
    validity: number,
    bit: number,
    length: number,
    target: number,
  ): number;
  json_parse(frame: number, body: number, length: number, lines: boolean): void;
  csv_parse(frame: number, body: number, length: number): void;
  random_seed(state: number, seed: number): void;
  random_doubles(state: number, out: number, count: number): void;
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
