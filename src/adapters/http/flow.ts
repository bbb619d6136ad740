/** How the stages of the intake fit together: bytes are pushed down, one call after the other; pauses travel up. */

/** What a stage asks of the stage before it. */
export interface Upstream {
  /** It has enough for now. */
  readonly pause: () => void;
  readonly resume: () => void;
  /** The body is refused. A Problem, or an error of ours. */
  readonly fail: (error: unknown) => void;
  /** The last byte has arrived where it goes. */
  readonly finished: () => void;
}

/** Takes the bytes of a body, in order. */
export interface Stage {
  /** Throws Problem, or calls `fail` later. */
  write(chunk: Buffer): void;
  /** No more bytes come. */
  end(): void;
  /** The body was refused: nothing is needed any more. */
  close(): void;
}

/** Bytes that a body may have, and the setting that says so. */
export interface ByteLimit {
  readonly bytes: number;
  readonly setting: string;
}
