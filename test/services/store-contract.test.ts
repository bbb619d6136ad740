/** The same store on real servers: PostgreSQL, and one that speaks S3. */
import { temporaryFolder } from '../registry/folder.js';
import { storeContract } from '../store/contract.js';
import { placeOver } from '../store/places.js';
import { type PostgresServer, startPostgres } from './postgres.js';
import { type S3Server, startS3 } from './s3.js';

let postgres: PostgresServer;
let s3: S3Server;

beforeAll(async () => {
  [postgres, s3] = await Promise.all([startPostgres(), startS3()]);
  Object.assign(process.env, s3.credentials);
}, 90_000);
afterAll(async () => {
  await Promise.all([postgres.stop(), s3.stop()]);
});

describe('PostgreSQL and files', () => {
  storeContract(async () => {
    const dataDir = temporaryFolder();
    return placeOver(dataDir, { dataDir, databaseUrl: await postgres.database() });
  });
});

describe('PostgreSQL and S3', () => {
  storeContract(async () => {
    const { url, folder } = s3.bucket();
    return placeOver(folder, {
      dataDir: temporaryFolder(),
      databaseUrl: await postgres.database(),
      s3Url: url,
    });
  });
});

describe('SQLite and S3', () => {
  storeContract(() => {
    const { url, folder } = s3.bucket();
    return Promise.resolve(placeOver(folder, { dataDir: temporaryFolder(), s3Url: url }));
  });
});
