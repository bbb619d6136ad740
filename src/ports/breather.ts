/** Lets others have a turn when this has gone on for some milliseconds. */
export function breather(ms = 5): () => Promise<void> {
  let since = performance.now();
  return async () => {
    if (performance.now() - since < ms) return;
    await new Promise((resolve) => setImmediate(resolve));
    since = performance.now();
  };
}
