/** Rows after which rolling sums begin afresh, at least. */
export const SEGMENT = 8192;

/**
 * Rows after which rolling sums begin afresh, with the rows of the window above: of any engine, so that the answers are the
 * same. Four windows, where that is more, keep small what is added twice.
 */
export const segmentRows = (window: number, rows: number): number =>
  SEGMENT * Math.ceil(Math.max(SEGMENT, Math.min(4 * window, rows)) / SEGMENT);
