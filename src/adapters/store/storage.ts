import type { DocumentFiles } from './files.js';

/** Where documents are: a folder, or a bucket of S3. */
export interface Storage {
  /** Those of a kind, apart from those of others. */
  readonly documents: (kind: string) => Promise<DocumentFiles>;
  /**
   * Takes the place for the catalog of that identity, once for all. Rejects with an Error in words when it is another's:
   * what that one has would be swept as what no row knows.
   */
  readonly claim: (identity: string) => Promise<void>;
  close(): void;
}

/** The same documents, which nobody changes before `claimed` resolves. */
export function guarded(files: DocumentFiles, claimed: () => Promise<void>): DocumentFiles {
  return {
    ...files,
    async write(document) {
      await claimed();
      return files.write(document);
    },
    async remove(sha256) {
      await claimed();
      await files.remove(sha256);
    },
    async sweep(known, olderThanMs, remove) {
      await claimed();
      await files.sweep(known, olderThanMs, remove);
    },
  };
}

/** What the operator is told of a place that has documents of another catalog. */
export const taken = (place: string): Error =>
  new Error(`expected ${place} for the documents of this catalog alone, got one that is another's`);
