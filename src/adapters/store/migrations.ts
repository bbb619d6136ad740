import type { Migration } from 'kysely';
import { catalogMigrations, type CatalogTables } from './migrations/catalog.js';
import { datasetMigrations, type DatasetTables } from './migrations/datasets.js';
import { jobMigrations, type JobTables } from './migrations/jobs.js';
import { modelMigrations, type ModelTables } from './migrations/models.js';
import { streamMigrations, type StreamTables } from './migrations/streams.js';

/** Tables of the catalog, for the types of its queries. */
export interface Tables extends ModelTables, DatasetTables, JobTables, StreamTables, CatalogTables {}

/**
 * How the catalog became what it is, in order. A step that was released is never edited: a change is a new one. Written
 * with Kysely's schema builder alone, so that another dialect runs the same.
 */
export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  ...modelMigrations,
  ...datasetMigrations,
  ...jobMigrations,
  ...streamMigrations,
  ...catalogMigrations,
};
