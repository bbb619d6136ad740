import { analyze } from './analyze.js';
import { cluster } from './cluster.js';
import { describe } from './describe.js';
import type { Endpoint } from './endpoint.js';
import { testEndpoints } from './hypothesis/endpoints.js';

/** Every analysis the service offers: the HTTP adapter serves this list, OpenAPI describes it. */
export const endpoints: readonly Endpoint[] = [analyze, describe, cluster, ...testEndpoints];
