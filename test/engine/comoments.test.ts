/** Blocks of co-moments in any order, by any lane, any number of them at a time: the same bits. */
import { openTeam } from '../../bench/team.js';
import { comoments } from '../../src/engine/wasm/comoments.js';
import { Team } from '../../src/engine/wasm/team.js';
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
  const team = new Team(kernels, arena);
  const numbers = columns.map((rows) => column(rows));
  const whole = comoments(kernels, arena, team)(numbers);
  for (const wave of [0, 2 * PARTIAL, 3 * PARTIAL + 8]) {
    expect(comoments(kernels, arena, team, wave)(numbers)).toEqual(whole);
  }
});

test('the same bits whatever the lanes', async () => {
  const alone = openKernels('release');
  const numbers = columns.map((rows) => column(rows));
  const whole = comoments(alone.kernels, alone.arena, new Team(alone.kernels, alone.arena))(numbers);
  const opened = await openTeam(3, { sharedFrom: 0 });
  for (let round = 0; round < 10; round++) expect(opened.engine.comoments(numbers)).toEqual(whole);
  await opened.close();
});
