/** The part of lz4js 0.2 that tests call, as a second opinion on LZ4; the package ships no types. */
declare module 'lz4js' {
  const lz4: {
    /** Decodes an LZ4 frame. Throws on a bad magic number or block. */
    decompress(frame: Uint8Array, maxSize?: number): Uint8Array;
    /** Encodes an LZ4 frame. */
    compress(bytes: Uint8Array, maxSize?: number): Uint8Array;
  };
  export default lz4;
}
