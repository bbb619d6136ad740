import { Router } from 'express';
import type { Scrape } from '../../ports/observe.js';
import { onlyMethods } from './methods.js';

/** GET /metrics, for Prometheus. It takes no lane: it answers while they are full, and while the process stops. */
export function metricsRouter(scrape: Scrape): Router {
  const router = Router({ caseSensitive: true, strict: true });
  router
    .route('/metrics')
    .get(async (_request, response) => {
      const { contentType, body } = await scrape();
      const bytes = Buffer.from(body);
      response.set({
        'content-type': contentType,
        'content-length': String(bytes.length),
        'cache-control': 'no-store',
      });
      response.end(bytes);
    })
    .all(onlyMethods('GET, HEAD'));
  return router;
}
