// The package's types cover its main entry only.
declare module 'hyparquet-compressors/src/lz4.js' {
  export function decompressLz4Raw(input: Uint8Array, size: number): Uint8Array;
}
