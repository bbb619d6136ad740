/** The store as it is without a setting: SQLite, and files beside it. */
import { storeContract } from './contract.js';
import { embeddedPlace } from './places.js';

storeContract(() => Promise.resolve(embeddedPlace()));
