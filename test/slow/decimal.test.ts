import { differences, literalSource, openDecimal } from '../engine/literals.js';

/** Ten million literals, ties of float64 among them, against JavaScript's own reading: the same bits. */
describe('decimal literals at length', () => {
  const BATCH = 20_000;

  test.each(Array.from({ length: 10 }, (_, part) => 100 + part))(
    'a million literals, seed %i',
    (seed) => {
      const read = openDecimal('release');
      const draw = literalSource(seed);
      for (let done = 0; done < 1_000_000; done += BATCH) {
        expect(differences(read, draw(BATCH))).toEqual({ wrong: 0, first: null });
      }
    },
    600_000,
  );
});
