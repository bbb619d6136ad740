import { openStore, type StoreOptions } from '../../src/adapters/store/store.js';
import type { Registry } from '../../src/ports/registry.js';

/** The models of a store, and the end of it. */
export async function openRegistry(options: StoreOptions): Promise<Registry & { close(): Promise<void> }> {
  const store = await openStore(options);
  return { ...store.models, close: () => store.close() };
}
