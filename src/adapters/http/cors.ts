import cors from 'cors';
import type { NextFunction, Request, RequestHandler, Response } from 'express';

const EXPOSED = [
  'location',
  'ratelimit',
  'ratelimit-policy',
  'retry-after',
  'traceparent',
  'www-authenticate',
  'x-ratelimit-limit',
  'x-ratelimit-remaining',
  'x-ratelimit-reset',
  'x-request-id',
];
const PREFLIGHT_SECONDS = 600;

/** Lets pages of the origins ask (the Fetch standard, 3.2); to all others it answers as if it were not there. */
export function crossOrigin(origins: readonly string[]): RequestHandler {
  const allowed = new Set(origins);
  const answer = cors({
    origin: [...origins],
    methods: ['GET', 'HEAD', 'POST', 'DELETE'],
    exposedHeaders: EXPOSED,
    maxAge: PREFLIGHT_SECONDS,
  });
  return (request: Request, response: Response, next: NextFunction) => {
    const { origin, 'access-control-request-method': asked } = request.headers;
    const isOption = request.method === 'OPTIONS';
    // An OPTIONS of a page that asks for nothing is one like any other's.
    if (origin !== undefined && allowed.has(origin) && (!isOption || asked !== undefined)) {
      answer(request, response, next);
      return;
    }
    response.vary('Origin');
    next();
  };
}
