import { analyze } from './analyze.js';
import { describe } from './describe.js';
import { features } from './features.js';
import type { Endpoint } from './endpoint.js';

/** Every analysis the service offers: the HTTP adapter serves this list, OpenAPI describes it. */
export const endpoints: readonly Endpoint[] = [analyze, describe, features];
