import type { IncomingMessage, ServerResponse } from 'node:http';
import helmet from 'helmet';

/**
 * Headers by which browsers do less with an answer. It loads and runs nothing and stands in no frame: pages that are meant
 * to be pages say for themselves what they need. Whether the origin is reached by TLS alone is for whoever ends TLS.
 */
export function protect(): (request: IncomingMessage, response: ServerResponse, next: () => void) => void {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    strictTransportSecurity: false,
    xFrameOptions: { action: 'deny' },
  });
}
