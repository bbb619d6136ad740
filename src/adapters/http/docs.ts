import { dirname } from 'node:path';
import express, { type Router } from 'express';
import { needsOf, scoped, scopeGuard } from './scopes.js';

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Analytics Service</title>
<link rel="stylesheet" href="docs/swagger-ui.css">
<link rel="icon" type="image/png" href="docs/favicon-32x32.png">
</head>
<body>
<div id="swagger-ui"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
`;
const START = `window.ui = SwaggerUIBundle({ url: 'openapi.json', dom_id: '#swagger-ui', deepLinking: true, validatorUrl: null });
`;
/** Swagger UI sets inline styles and data: images; scripts come from here only. */
const POLICY =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";

/** Swagger UI at /docs, from the package: no CDN, works offline. */
export function docsRouter(): Router {
  const router = express.Router();
  const assets = dirname(require.resolve('swagger-ui-dist/package.json'));
  scoped(router, '/docs').get((request, response) => {
    // Below a trailing slash the page's relative links would point elsewhere.
    if (request.path.endsWith('/')) {
      response.redirect(301, '../docs');
      return;
    }
    response.set('content-security-policy', POLICY).type('html').send(PAGE);
  });
  scoped(router, '/docs/start.js').get((_request, response) => {
    response.type('js').send(START);
  });
  const files = express.static(assets, { index: false, redirect: false, maxAge: '1h' });
  router.use('/docs', scopeGuard(needsOf('/docs')), files);
  return router;
}
