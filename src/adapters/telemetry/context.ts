import type { Context, ContextManager } from '@opentelemetry/api';

/**
 * What is active while a call runs, and not beyond it. Spans are handed on by name here, so nobody needs a context that
 * follows every promise and every listener, which each request would pay for.
 */
export function callContext(root: Context): ContextManager {
  let active = root;
  const manager: ContextManager = {
    active: () => active,
    with(context, call, self, ...args) {
      const before = active;
      active = context;
      try {
        return call.apply(self as ThisParameterType<typeof call>, args);
      } finally {
        active = before;
      }
    },
    bind: (_context, target) => target,
    enable: () => manager,
    disable: () => manager,
  };
  return manager;
}
