/** Streams in SQLite. */
import { openStore } from '../../src/adapters/store/store.js';
import { temporaryFolder } from '../registry/folder.js';
import { streamContract } from './store-contract.js';

streamContract(() => openStore({ dataDir: temporaryFolder(), cacheBytes: 0 }));
