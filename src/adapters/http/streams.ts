import { type Request, type Response, Router } from 'express';
import type { Streams } from '../../domain/streams-service/service.js';
import type { Definition } from '../../domain/streams/definition.js';
import type { JsonWriter } from '../../ports/formats.js';
import { Problem } from '../../ports/problem.js';
import { type EventsParts, streamEvents } from './stream-events.js';
import { onlyMethods } from './methods.js';
import { scoped } from './scopes.js';
import { shown } from './stream-status.js';
import { smallJson } from './small-json.js';
import { type RecordsOptions, takeRecords } from './stream-records.js';
import { queryOf, windowsOf } from './stream-windows.js';
import { requestIdFor, timed } from './watch.js';

export interface StreamsParts {
  readonly streams: Streams;
  /** What a document defines. Loaded with the first. Rejects with Problem 422. */
  readonly define: (document: unknown) => Promise<Definition>;
  readonly writeJson: JsonWriter;
}

export interface StreamsOptions extends StreamsParts, RecordsOptions, EventsParts {}

/** Data that flows: streams are made, fed, looked at, followed, removed. */
export function streamsRouter(options: StreamsOptions): Router {
  const { streams, define, accepting } = options;
  const router = Router({ caseSensitive: true, strict: true });

  scoped(router, '/streams')
    .get(async (request, response) => {
      queryOf(request, []);
      const all = await timed(response, 'lookup', () => streams.list());
      answer(response, { streams: all.map(shown) });
    })
    .post(async (request, response) => {
      if (!accepting())
        throw new Problem('stopping', 'expected a service that accepts requests, got one that stops');
      queryOf(request, []);
      const definition = await define(await smallJson(request, response, options));
      const { status, isNew } = await timed(response, 'store', () => streams.create(definition));
      response.location(`/streams/${definition.name}`).status(isNew ? 201 : 200);
      answer(response, shown(status));
    })
    .all(onlyMethods('GET, HEAD, POST'));
  scoped(router, '/streams/:name')
    .get(async (request, response) => {
      queryOf(request, []);
      answer(response, shown(await timed(response, 'lookup', () => streams.status(nameOf(request)))));
    })
    .delete(async (request, response) => {
      await timed(response, 'remove', () => streams.remove(nameOf(request)));
      answer(response, { removed: 1 });
    })
    .all(onlyMethods('GET, HEAD, DELETE'));
  scoped(router, '/streams/:name/records')
    .post(async (request, response) => {
      answer(response, await takeRecords(nameOf(request), request, response, options));
    })
    .all(onlyMethods('POST'));
  scoped(router, '/streams/:name/windows')
    .get(async (request, response) => {
      const body = await windowsOf(nameOf(request), request, options);
      const meta = JSON.stringify({ request_id: requestIdFor(response), warnings: [] });
      response
        .set('content-type', 'application/json')
        .send(`{"status":"success","results":${body},"details":{},"meta":${meta}}`);
    })
    .all(onlyMethods('GET, HEAD'));
  scoped(router, '/streams/:name/events')
    .get(async (request, response) => {
      await streamEvents(nameOf(request), request, response, options);
    })
    .all(onlyMethods('GET, HEAD'));
  return router;
}

function nameOf(request: Request): string {
  const { name = '' } = request.params as { readonly name?: string };
  return name;
}

function answer(response: Response, results: object): void {
  response.json({
    status: 'success',
    results,
    details: {},
    meta: { request_id: requestIdFor(response), warnings: [] },
  });
}
