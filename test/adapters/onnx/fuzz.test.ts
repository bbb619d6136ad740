import { modelFile, OnnxThread } from './thread.js';

const MUTATIONS = 2000;
const SEED = 20260101;

/** Numbers in [0, 1) of a seed: mulberry32. */
function drawn(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One to three bytes changed, a stretch moved, or the end cut off. */
function mutated(file: Uint8Array, draw: () => number): Uint8Array {
  const place = (): number => Math.floor(draw() * file.length);
  const copy = Uint8Array.from(file);
  const kind = draw();
  if (kind < 0.05) return copy.slice(0, place());
  if (kind < 0.15) {
    const from = place();
    copy.copyWithin(place(), from, from + 8);
    return copy;
  }
  for (let left = 1 + Math.floor(draw() * 3); left > 0; left--) {
    const at = place();
    copy[at] = draw() < 0.5 ? Math.floor(draw() * 256) : copy[at]! ^ (1 << Math.floor(draw() * 8));
  }
  return copy;
}

test(`${MUTATIONS} mutations of ONNX files are a session or a refusal, run or fail in words, and lose no thread`, async () => {
  const files = ['logistic', 'scaled', 'columns', 'linear'].map(modelFile);
  const draw = drawn(SEED);
  const thread = new OnnxThread();
  const counts = { refused: 0, ran: 0, failed: 0 };
  for (let i = 0; i < MUTATIONS; i++) {
    const file = mutated(files[i % files.length]!, draw);
    const { answer, problem } = await thread.ask({ file });
    if (answer === undefined) {
      expect(problem).toMatchObject({ code: 'invalid_model', lost: false });
      counts.refused++;
      continue;
    }
    const feeds = answer.inputs.map(({ name, type, shape }) => {
      const sizes = shape.map((size, place) => size ?? (place === 0 ? 2 : 3));
      const length = Math.min(
        10_000,
        sizes.reduce((product, size) => product * size, 1),
      );
      const values = type === 'string' ? new Array<string>(length).fill('') : new Float64Array(length);
      return { name, type, shape: length < 10_000 ? sizes : [length], values };
    });
    const told = await thread.ask({ file, feeds });
    if (told.answer === undefined) expect(told.problem).toMatchObject({ code: 'invalid_model', lost: false });
    counts[told.answer === undefined ? 'failed' : 'ran']++;
  }
  // Both kinds are there, so that it says something.
  expect(counts.refused).toBeGreaterThan(MUTATIONS / 2);
  expect(counts.ran).toBeGreaterThan(MUTATIONS / 50);
  await thread.close();
}, 60_000);
