/** How soon what is large is stopped, and what watching costs. */
import { body, openLanes, watch, type Watched } from '../engine/watched.js';

// Times on a machine that others use, too: a bound that is passed once is looked at again.
jest.retryTimes(2, { logErrorsBeforeRetry: true });

const figures = ({ json: { results, meta }, stopMs, error, steps }: Watched): unknown => ({
  stopMs: Math.round(stopMs),
  n_iter: results?.['n_iter'],
  warnings: meta?.warnings.map(({ detail }) => detail),
  error: error instanceof Error ? error.message : undefined,
  last: steps.at(-1),
});

test('1,000,000 × 8, a thousand clusters: stopped within 400 ms, with the last iteration that was whole', async () => {
  const lanes = openLanes('wasm', 2);
  const large = body(1_000_000, 8);
  const asked = { n_clusters: 1000, tol: 0, max_iter: 50 };
  for (const when of [0, 1, 2, 5]) {
    const stopped = await watch(lanes, 'cluster', large, asked, (step) =>
      when === 0
        ? step.stage === 'seeding' && (step.done ?? 0) > 20
        : step.stage === 'kmeans' && Number(step['iteration']) >= when,
    );
    console.log(when, figures(stopped));
    expect(stopped.stopMs).toBeLessThan(500);
  }
  await lanes.close();
}, 600_000);
