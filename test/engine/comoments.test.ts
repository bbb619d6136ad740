/** Blocks of co-moments in any order, by any lane, any number of them at a time: the same bits. */
import { comoments } from '../../src/engine/wasm/comoments.js';
import { column, noise, type Row } from '../contract/columns.js';
import { openKernels } from '../contract/engines.js';

const D = 3;
const LENGTH = 4 * 65536 + 77;
const PARTIAL = ((D + 1) * (D + 2) * 72) / 2;

const columns = Array.from({ length: D }, (_, i) => {
  const next = noise(i + 1);
  return Array.from({ length: LENGTH }, (): Row => (i === 1 && next() < 0.1 ? null : 1000 * next()));
});

test('the same bits whatever the waves', () => {
  const { kernels, arena } = openKernels('release');
  const numbers = columns.map((rows) => column(rows));
  const whole = comoments(kernels, arena)(numbers);
  for (const wave of [0, 2 * PARTIAL, 3 * PARTIAL + 8]) {
    expect(comoments(kernels, arena, wave)(numbers)).toEqual(whole);
  }
});

test('the same bits whatever the order of the blocks', () => {
  const { kernels, arena } = openKernels('release');
  const numbers = columns.map((rows) => column(rows));
  const whole = comoments(kernels, arena)(numbers);
  // Fresh scratch for each block, as another lane has, and noise in it.
  const shuffled: typeof kernels = {
    ...kernels,
    comoments_block: (table, d, rows, first, last, _, partials) => {
      for (let block = last - 1; block >= first; block--) {
        const scratch = arena.take(512 + (d + 1) * 2112);
        new Uint8Array(arena.buffer, scratch, 512 + (d + 1) * 2112).fill(0xa5);
        kernels.comoments_block(
          table,
          d,
          rows,
          block,
          block + 1,
          scratch,
          partials + (block - first) * PARTIAL,
        );
      }
    },
  };
  expect(comoments(shuffled, arena)(numbers)).toEqual(whole);
});
