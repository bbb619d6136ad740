/** For `await import()` in what is loaded at the start: by its own name that would load Kysely a second time, as a module of the other kind. */
export { sql } from 'kysely';
