import type { Request, Response } from 'express';
import { excerpt, Problem } from '../../ports/problem.js';

/** Refuses every method that came to it: 405, with those that are allowed. */
export function onlyMethods(allow: string): (request: Request, response: Response) => void {
  return (request, response) => {
    response.set('allow', allow);
    throw new Problem('method_not_allowed', `expected ${allow}, got ${excerpt(request.method)}`);
  };
}
