/** What holds of a store wherever its catalog and its documents are: the same cases on each. */
import { createHash } from 'node:crypto';
import { openStore, type Store, type StoreOptions } from '../../src/adapters/store/store.js';
import type { DatasetCard, StoredDataset } from '../../src/ports/datasets.js';
import type { Registry } from '../../src/ports/registry.js';
import { CARD, documentOf } from '../registry/folder.js';

/** An empty place for a store. */
export interface Place {
  readonly options: Pick<StoreOptions, 'dataDir' | 'databaseUrl' | 's3Url'>;
  /** Hashes of the documents of a kind that lie there. */
  names(kind: Kind): readonly string[];
  /** Replaces the bytes of a document where they lie; undefined takes them away. */
  replace(kind: Kind, sha256: string, bytes: Uint8Array | undefined): void;
}

export type Kind = 'models' | 'datasets';

export const DATASET: DatasetCard = {
  rows: 3,
  columns: [
    { name: 'naïve \u{1f600}', type: 'number', missing: 1 },
    { name: 'zero \u0000, "quoted"', type: 'string', missing: 0 },
  ],
  decoded_bytes: 2 ** 40,
};

export const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** A document of several stretches, each other than the next. */
export const large = (): Uint8Array<ArrayBuffer> =>
  new Uint8Array(2.5 * 2 ** 20).map((_, i) => (i * 31) ^ (i >> 8));

/** The bytes of a dataset. */
export async function bytesOf({ datasets }: Store, dataset: StoredDataset): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  await datasets.read(dataset, (bytes) => {
    const part = new Uint8Array(bytes);
    parts.push(part);
    return part;
  });
  return Buffer.concat(parts);
}

export const open = (place: Place, options: Partial<StoreOptions> = {}): Promise<Store> =>
  openStore({ cacheBytes: 0, ...place.options, ...options });

export function storeContract(newPlace: () => Promise<Place>): void {
  const using = async (
    body: (store: Store, place: Place) => Promise<void>,
    options: Partial<StoreOptions> = {},
  ): Promise<void> => {
    const place = await newPlace();
    const store = await open(place, options);
    try {
      await body(store, place);
    } finally {
      await store.close();
    }
  };

  describe('models', () => {
    test('a version is found as it was published, also by the next who opens the store', async () => {
      const place = await newPlace();
      const first = await open(place);
      const document = documentOf('{"a":1}');
      const published = await first.models.publish('churn', CARD, document);
      expect(published).toMatchObject({ name: 'churn', version: 1, sha256: sha256Of(document), bytes: 7 });
      expect(published.card).toEqual(CARD);
      expect(new Date(published.created).toISOString()).toBe(published.created);
      await first.close();
      const second = await open(place);
      expect(await second.models.find('churn')).toEqual(published);
      expect(await second.models.find('churn', 1)).toEqual(published);
      expect(Buffer.from(await second.models.document(published)).toString()).toBe('{"a":1}');
      expect(place.names('models')).toEqual([published.sha256]);
      await second.close();
    });

    test('what is not there is undefined, an empty list, or none removed', () =>
      using(async ({ models }) => {
        await models.publish('a', CARD, documentOf('a'));
        expect(await models.find('b')).toBeUndefined();
        expect(await models.find('a', 2)).toBeUndefined();
        expect(await models.find('A')).toBeUndefined();
        expect(await models.versions('b')).toEqual([]);
        expect([await models.remove('b'), await models.remove('a', 7)]).toEqual([0, 0]);
      }));

    test('lists are of the newest version of each name, by the bytes of the name, of a name newest first', () =>
      using(async ({ models }) => {
        const numbered = (versions: Awaited<ReturnType<Registry['list']>>): string[] =>
          versions.map(({ name, version }) => `${name}${version}`);
        // In a language, a comes before B, é before f, and - counts for nothing.
        for (const name of ['b', 'a', 'b', 'a-c', 'B', 'ab', 'é', 'f', 'b'])
          await models.publish(name, CARD, documentOf(name));
        expect(numbered(await models.list())).toEqual(['B1', 'a1', 'a-c1', 'ab1', 'b3', 'f1', 'é1']);
        expect(numbered(await models.versions('b'))).toEqual(['b3', 'b2', 'b1']);
        await models.remove('b', 3);
        expect((await models.find('b'))?.version).toBe(2);
      }));

    test('a version is never given twice, neither after a removal nor after another start', async () => {
      const place = await newPlace();
      const publish = async ({ models }: Store): Promise<number> =>
        (await models.publish('a', CARD, documentOf('a'))).version;
      const first = await open(place);
      expect([await publish(first), await publish(first)]).toEqual([1, 2]);
      expect(await first.models.remove('a', 2)).toBe(1);
      expect(await publish(first)).toBe(3);
      expect(await first.models.remove('a')).toBe(2);
      expect(await first.models.list()).toEqual([]);
      await first.close();
      const second = await open(place);
      expect(await publish(second)).toBe(4);
      await second.close();
    });

    test('versions that are published at once get different numbers, without a gap', () =>
      using(async ({ models }, place) => {
        const all = await Promise.all(
          Array.from({ length: 24 }, (_, i) => models.publish('m', CARD, documentOf(`document ${i}`))),
        );
        expect(all.map(({ version }) => version).sort((a, b) => a - b)).toEqual(all.map((_, i) => i + 1));
        expect(place.names('models')).toHaveLength(24);
      }));

    test('what is published twice is one document, which stays as long as a version uses it', () =>
      using(async ({ models }, place) => {
        const document = documentOf('the same');
        const a = await models.publish('a', CARD, document);
        const b = await models.publish('b', CARD, document);
        expect(place.names('models')).toEqual([a.sha256]);
        await models.remove('a');
        expect(Buffer.from(await models.document(b)).toString()).toBe('the same');
        await models.remove('b');
        expect(place.names('models')).toEqual([]);
      }));

    test('the same document may be published and removed at once: whoever has a row has a document', () =>
      using(async ({ models }, place) => {
        const document = documentOf('contended');
        for (let round = 0; round < 10; round++) {
          await Promise.all([
            models.publish('kept', CARD, document),
            models.publish('gone', CARD, document).then(() => models.remove('gone')),
            models.remove('kept'),
          ]);
          const rows = await models.versions('kept');
          expect(place.names('models')).toEqual(rows.length > 0 ? [sha256Of(document)] : []);
        }
      }));

    test('an empty document, one of several stretches and one in shared memory come back as they were', () =>
      using(async ({ models }) => {
        const shared = new Uint8Array(new SharedArrayBuffer(10)).fill(7);
        for (const document of [new Uint8Array(0), large(), large().subarray(3, 2_000_000), shared]) {
          const version = await models.publish('a', CARD, document);
          expect(Buffer.from(await models.document(version)).equals(document)).toBe(true);
        }
      }));

    test('a document that is removed while it is asked for is not found', () =>
      using(async ({ models }) => {
        const version = await models.publish('m', CARD, documentOf('short-lived'));
        await models.remove('m');
        await expect(models.document(version)).rejects.toMatchObject({ code: 'not_found' });
      }));

    test.each(DAMAGES)(
      'a document that is damaged %s is told, and published again it is whole',
      (how, said) =>
        using(async ({ models }, place) => {
          const version = await models.publish('m', CARD, documentOf('abcdefgh'));
          place.replace('models', version.sha256, how.bytes);
          const error: unknown = await models.document(version).catch((reason: unknown) => reason);
          expect(error).toMatchObject({ name: 'Problem', code: 'storage_failed' });
          expect(String(error)).toContain(
            `expected the stored document of model "m", version 1 with ${said}`,
          );
          await models.publish('m', CARD, documentOf('abcdefgh'));
          expect(Buffer.from(await models.document(version)).toString()).toBe('abcdefgh');
        }),
    );
  });

  describe('datasets', () => {
    test('one is found as it was published, also by the next who opens the store', async () => {
      const place = await newPlace();
      const first = await open(place);
      const { dataset, isNew } = await first.datasets.publish(DATASET, large());
      expect(isNew).toBe(true);
      expect(dataset).toMatchObject({ id: sha256Of(large()), card: DATASET, bytes: large().byteLength });
      await first.close();
      const second = await open(place);
      expect(await second.datasets.find(dataset.id)).toEqual(dataset);
      expect((await bytesOf(second, dataset)).equals(large())).toBe(true);
      await second.close();
    });

    test('the same bytes are the same dataset', () =>
      using(async ({ datasets }, place) => {
        const [one, again] = [
          await datasets.publish(DATASET, documentOf('rows')),
          await datasets.publish({ ...DATASET, rows: 4 }, documentOf('rows')),
        ];
        expect([one.isNew, again.isNew]).toEqual([true, false]);
        expect(again.dataset).toEqual(one.dataset);
        const published = await Promise.all(
          Array.from({ length: 6 }, () => datasets.publish(DATASET, documentOf('at once'))),
        );
        expect(published.filter(({ isNew }) => isNew)).toHaveLength(1);
        expect(place.names('datasets')).toHaveLength(2);
        expect(place.names('models')).toEqual([]);
      }));

    test('they are listed oldest first, and removed once', () =>
      using(async ({ datasets }, place) => {
        expect(await datasets.list()).toEqual([]);
        const ids: string[] = [];
        for (const text of ['c', 'a', 'b']) {
          ids.push((await datasets.publish(DATASET, documentOf(text))).dataset.id);
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        expect((await datasets.list()).map(({ id }) => id)).toEqual(ids);
        expect([await datasets.remove(ids[1]!), await datasets.remove(ids[1]!)]).toEqual([true, false]);
        expect(await datasets.find(ids[1]!)).toBeUndefined();
        expect(place.names('datasets')).toEqual([ids[0]!, ids[2]!].sort());
      }));

    test('one that is removed while it is read is not found', () =>
      using(async (store) => {
        const { dataset } = await store.datasets.publish(DATASET, documentOf('rows'));
        await store.datasets.remove(dataset.id);
        await expect(bytesOf(store, dataset)).rejects.toMatchObject({ code: 'not_found' });
      }));

    test.each(DAMAGES)('one that is damaged %s is told, and published again it is whole', (how, said) =>
      using(async (store, place) => {
        const { dataset } = await store.datasets.publish(DATASET, documentOf('abcdefgh'));
        place.replace('datasets', dataset.id, how.bytes);
        const error: unknown = await bytesOf(store, dataset).catch((reason: unknown) => reason);
        expect(error).toMatchObject({ name: 'Problem', code: 'storage_failed' });
        expect(String(error)).toContain(`expected the stored dataset with ${said}`);
        await store.datasets.publish(DATASET, documentOf('abcdefgh'));
        expect((await bytesOf(store, dataset)).toString()).toBe('abcdefgh');
      }),
    );

    test('one more than MAX_DATASETS is refused in words, and leaves nothing behind; what is there is taken again', () =>
      using(
        async ({ datasets }, place) => {
          const kept = await datasets.publish(DATASET, documentOf('a'));
          await datasets.publish(DATASET, documentOf('b'));
          await expect(datasets.publish(DATASET, documentOf('c'))).rejects.toMatchObject({
            code: 'storage_failed',
            message:
              'expected at most 2 stored datasets (MAX_DATASETS), got one more: delete those that are not needed',
          });
          expect(place.names('datasets')).toHaveLength(2);
          expect((await datasets.publish(DATASET, documentOf('a'))).isNew).toBe(false);
          await datasets.remove(kept.dataset.id);
          expect((await datasets.publish(DATASET, documentOf('c'))).isNew).toBe(true);
        },
        { maxDatasets: 2 },
      ));
  });
}

/** What can become of the eight bytes abcdefgh, and what is said of it. */
class Damage {
  constructor(
    readonly name: string,
    readonly bytes: Uint8Array | undefined,
  ) {}
  toString(): string {
    return this.name;
  }
}
const DAMAGES: [Damage, string][] = [
  [
    new Damage('by one bit', documentOf('abcdefgi')),
    'the SHA-256 it was stored with, got another: it is damaged',
  ],
  [new Damage('by its end', documentOf('abcdefg')), '8 bytes, got 7: it is damaged'],
  [new Damage('by more behind it', documentOf('abcdefgh!')), '8 bytes, got 9: it is damaged'],
  [new Damage('by being gone', undefined), '8 bytes, got none: it is damaged'],
];
