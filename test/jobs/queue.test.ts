/** The queue of jobs in SQLite. `LONG=1`: with what takes a thousand writes to the disk. */
import { openStore } from '../../src/adapters/store/store.js';
import { temporaryFolder } from '../registry/folder.js';
import { queueContract } from './contract.js';

queueContract(() => openStore({ dataDir: temporaryFolder(), cacheBytes: 0 }), process.env['LONG'] === '1');
