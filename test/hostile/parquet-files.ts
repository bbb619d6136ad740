/** Parquet files made by hand, with anything in them. */

/** A Thrift value in the compact protocol: its type, and its bytes. */
export interface Thrift {
  readonly type: number;
  readonly bytes: readonly number[];
}

const varint = (value: bigint): number[] => {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7n) {
    if (rest < 128n) return [...bytes, Number(rest)];
    bytes.push(Number(rest & 127n) | 128);
  }
};
const zigzag = (value: number | bigint): number[] => {
  const big = BigInt(value);
  return varint(big >= 0n ? 2n * big : -2n * big - 1n);
};

export const i32 = (value: number): Thrift => ({ type: 5, bytes: zigzag(value) });
export const i64 = (value: number | bigint): Thrift => ({ type: 6, bytes: zigzag(value) });
export const text = (value: string | Uint8Array): Thrift => {
  const bytes = Buffer.from(value as string);
  return { type: 8, bytes: [...varint(BigInt(bytes.length)), ...bytes] };
};
export const list = (type: number, items: readonly Thrift[]): Thrift => ({
  type: 9,
  bytes: [0xf0 | type, ...varint(BigInt(items.length)), ...items.flatMap(({ bytes }) => bytes)],
});
/** Fields by number, in any order; undefined ones are left out. */
export const struct = (fields: Readonly<Record<number, Thrift | undefined>>): Thrift => ({
  type: 12,
  bytes: [
    ...Object.entries(fields).flatMap(([id, value]) =>
      value === undefined ? [] : [value.type, ...zigzag(Number(id)), ...value.bytes],
    ),
    0,
  ],
});

export const CODEC = { none: 0, snappy: 1, gzip: 2, lzo: 3, brotli: 4, lz4: 5, zstd: 6, lz4Raw: 7 } as const;
export const PHYSICAL = { boolean: 0, int32: 1, int64: 2, int96: 3, double: 5, bytes: 6, fixed: 7 } as const;
export const ENCODING = {
  plain: 0,
  rle: 3,
  delta: 5,
  deltaLength: 6,
  deltaBytes: 7,
  dictionary: 8,
  split: 9,
} as const;

export interface PageSpec {
  readonly bytes: Uint8Array | readonly number[];
  /** Decompressed; by default as many as `bytes`. */
  readonly size?: number;
  readonly values: number;
  readonly encoding?: number;
  readonly isDictionary?: boolean;
}

export interface FileSpec {
  readonly type?: number;
  readonly typeLength?: number;
  readonly converted?: number;
  readonly optional?: boolean;
  readonly codec?: number;
  readonly rows?: number;
  readonly names?: readonly string[];
  readonly pages: readonly PageSpec[];
  /** Replaces fields of FileMetaData. */
  readonly metadata?: Readonly<Record<number, Thrift | undefined>>;
  /** Replaces fields of ColumnMetaData. */
  readonly chunk?: Readonly<Record<number, Thrift | undefined>>;
}

/** Columns of one type, which all have the same pages at the same place, in one row group. */
export function parquetFile(spec: FileSpec): Buffer {
  const { type = PHYSICAL.int32, rows = 1, names = ['x'], pages } = spec;
  const parts = pages.map((page) => {
    const { bytes, size = bytes.length, values, encoding = ENCODING.plain, isDictionary = false } = page;
    const data = struct({ 1: i32(values), 2: i32(encoding), 3: i32(ENCODING.rle), 4: i32(ENCODING.rle) });
    const header = struct({
      1: i32(isDictionary ? 2 : 0),
      2: i32(size),
      3: i32(bytes.length),
      [isDictionary ? 7 : 5]: data,
    });
    return Buffer.from([...header.bytes, ...bytes]);
  });
  const body = Buffer.concat(parts);
  const chunks = names.map((name) =>
    struct({
      2: i64(4),
      3: struct({
        1: i32(type),
        2: list(5, [i32(0)]),
        3: list(8, [text(name)]),
        4: i32(spec.codec ?? CODEC.none),
        5: i64(rows),
        6: i64(body.length),
        7: i64(body.length),
        9: i64(4),
        ...spec.chunk,
      }),
    }),
  );
  const columns = names.map((name) =>
    struct({
      1: i32(type),
      2: spec.typeLength === undefined ? undefined : i32(spec.typeLength),
      3: i32(spec.optional === true ? 1 : 0),
      4: text(name),
      6: spec.converted === undefined ? undefined : i32(spec.converted),
    }),
  );
  const metadata = Buffer.from(
    struct({
      1: i32(1),
      2: list(12, [struct({ 4: text('root'), 5: i32(names.length) }), ...columns]),
      3: i64(rows),
      4: list(12, [struct({ 1: list(12, chunks), 2: i64(body.length), 3: i64(rows) })]),
      ...spec.metadata,
    }).bytes,
  );
  const length = Buffer.alloc(4);
  length.writeUInt32LE(metadata.length);
  return Buffer.concat([Buffer.from('PAR1'), body, metadata, length, Buffer.from('PAR1')]);
}
