import { createHash } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { Problem } from '../../ports/problem.js';
import { codeOf, ServerFailure, textOf } from './failures.js';
import { damaged, DOCUMENT, type DocumentFiles, type Place, shared, STRETCH } from './files.js';
import { type Storage, taken } from './storage.js';

const CONNECT_MS = 5_000;
/** After so long without a byte a connection is given up. */
const SILENT_MS = 30_000;
/** Of a request without a document: shorter than a transaction may wait for it. */
const SHORT_MS = 15_000;
/** Of one with a document, its tries together. */
const LONG_MS = 10 * 60_000;
const TRIES = 3;

/**
 * Documents as objects under `prefix/kind/<SHA-256>`. Opens no connection yet: credentials and region come by the SDK's
 * standard chain when they are first needed. Throws an Error in words when the URL names no bucket.
 */
export function openS3(url: string): Storage {
  const { bucket, prefix, endpoint } = placeOf(url);
  const hasRegion = ['AWS_REGION', 'AWS_DEFAULT_REGION'].some((name) => (process.env[name] ?? '') !== '');
  const client = new S3Client({
    ...(endpoint !== undefined && {
      endpoint,
      forcePathStyle: true,
      ...(!hasRegion && { region: 'us-east-1' }),
    }),
    maxAttempts: TRIES,
    requestHandler: { connectionTimeout: CONNECT_MS, socketTimeout: SILENT_MS },
    // What is written is sent with its SHA-256, what is read is compared with it here.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
  const bucketOf = { client, bucket };
  const marker = `${prefix}catalog`;
  return {
    documents: (kind) => Promise.resolve(documentsOf(bucketOf, `${prefix}${kind}/`)),
    async claim(identity) {
      const owner = (await contentOf(bucketOf, marker)) ?? (await marked(bucketOf, marker, identity));
      if (owner !== identity) throw taken('the bucket and prefix of S3_URL');
    },
    close() {
      client.destroy();
    },
  };
}

interface Bucket {
  readonly client: S3Client;
  readonly bucket: string;
}

function placeOf(text: string): {
  readonly bucket: string;
  readonly prefix: string;
  readonly endpoint?: string;
} {
  const expected = 'expected in S3_URL s3://bucket/prefix or http(s)://host:port/bucket/prefix';
  if (!URL.canParse(text)) throw new Error(`${expected}, got what is no URL`);
  const url = new URL(text);
  const path = url.pathname
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent);
  const isS3 = url.protocol === 's3:';
  if (!isS3 && url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new Error(`${expected}, got a URL of another kind`);
  if (url.username !== '' || url.password !== '')
    throw new Error(`${expected}, got credentials in it: they are read from AWS_ACCESS_KEY_ID and the like`);
  const [bucket, ...folders] = isS3 ? [url.hostname, ...path] : path;
  if (bucket === undefined || bucket === '') throw new Error(`${expected}, got no bucket`);
  const prefix = folders.map((folder) => `${folder}/`).join('');
  return isS3 ? { bucket, prefix } : { bucket, prefix, endpoint: url.origin };
}

function documentsOf(where: Bucket, prefix: string): DocumentFiles {
  const { client, bucket: Bucket } = where;
  const at = (sha256: string): { Bucket: string; Key: string } => ({ Bucket, Key: `${prefix}${sha256}` });
  const remove = async (Key: string): Promise<void> => {
    await told(client.send(new DeleteObjectCommand({ Bucket, Key }), within(SHORT_MS)));
  };
  return {
    async write(document) {
      const sha256 = await hashed(document);
      // Also what is there already: a damaged one is whole again, and the sweep sees that it is new.
      await put(where, `${prefix}${sha256}`, document, sha256);
      return {
        sha256,
        bytes: document.byteLength,
        async keep() {
          // Between both a remover may have taken it away.
          const there = await told(client.send(new HeadObjectCommand(at(sha256)), within(SHORT_MS))).then(
            ({ ContentLength }) => ContentLength === document.byteLength,
            ifMissing(false),
          );
          if (!there) await put(where, `${prefix}${sha256}`, document, sha256);
        },
        discard: () => Promise.resolve(),
      };
    },
    async read(sha256, bytes, whose) {
      const memory = shared(bytes);
      let filled = 0;
      await poured(where, at(sha256).Key, sha256, bytes, whose, (length) => {
        filled += length;
        return new Uint8Array(memory, filled - length, length);
      });
      return memory;
    },
    pour: (sha256, bytes, whose, place) => poured(where, at(sha256).Key, sha256, bytes, whose, place),
    remove: (sha256) => remove(at(sha256).Key),
    async sweep(known, olderThanMs, removeUnused) {
      const now = Date.now();
      for (let page: string | undefined, more = true; more;) {
        const request = { Bucket, Prefix: prefix, ...(page !== undefined && { ContinuationToken: page }) };
        const listed = await told(client.send(new ListObjectsV2Command(request), within(SHORT_MS)));
        for (const { Key = '', LastModified } of listed.Contents ?? []) {
          const name = Key.slice(prefix.length);
          if (!DOCUMENT.test(name) || known.has(name)) continue;
          if (LastModified === undefined || now - LastModified.getTime() < olderThanMs) continue;
          await removeUnused(name);
        }
        page = listed.NextContinuationToken;
        more = listed.IsTruncated === true && page !== undefined;
      }
    },
  };
}

/** Of a document in memory, a stretch at a time: others get their turn between. */
async function hashed(document: Uint8Array): Promise<string> {
  const hash = createHash('sha256');
  for (let at = 0; at < document.byteLength; at += STRETCH) {
    hash.update(document.subarray(at, at + STRETCH));
    await turn();
  }
  return hash.digest('hex');
}

/** The server compares what came with the hash, and answers when it is durable. */
async function put(
  { client, bucket }: Bucket,
  Key: string,
  document: Uint8Array,
  sha256: string,
): Promise<void> {
  const command = new PutObjectCommand({
    Bucket: bucket,
    Key,
    Body: Buffer.from(document.buffer, document.byteOffset, document.byteLength),
    ContentLength: document.byteLength,
    ContentType: 'application/octet-stream',
    ChecksumSHA256: Buffer.from(sha256, 'hex').toString('base64'),
  });
  // The signature covers the hash, which is known: the SDK need not compute it in one piece.
  command.middlewareStack.add(
    (next) => (asked) => {
      const request: unknown = asked.request;
      if (hasHeaders(request)) request.headers['x-amz-content-sha256'] = sha256;
      return next(asked);
    },
    { step: 'build', name: 'knownHash' },
  );
  await told(client.send(command, within(LONG_MS)));
}

function hasHeaders(request: unknown): request is { readonly headers: Record<string, string> } {
  return typeof request === 'object' && request !== null && 'headers' in request;
}

/** Reads an object to memory that `place` gives, and verifies it. A connection that breaks is gone on with where it broke. */
async function poured(
  { client, bucket }: Bucket,
  Key: string,
  sha256: string,
  bytes: number,
  whose: string,
  place: Place,
): Promise<void> {
  const hash = createHash('sha256');
  let memory = new Uint8Array(0);
  let free = 0;
  let done = 0;
  const fill = (chunk: Uint8Array): void => {
    for (let at = 0; at < chunk.byteLength;) {
      if (free === 0) {
        memory = place(Math.min(STRETCH, bytes - done)) as typeof memory;
        free = memory.byteLength;
      }
      const part = chunk.subarray(at, at + free);
      memory.set(part, memory.byteLength - free);
      free -= part.byteLength;
      done += part.byteLength;
      at += part.byteLength;
      if (free === 0) hash.update(memory);
    }
  };
  for (let tries = 1; ; tries++) {
    const range = done === 0 ? {} : { Range: `bytes=${done}-` };
    const { Body, ContentLength = -1 } = await told(
      client.send(new GetObjectCommand({ Bucket: bucket, Key, ...range }), within(LONG_MS)),
    );
    if (ContentLength !== bytes - done) throw damaged(whose, `${bytes} bytes`, `${done + ContentLength}`);
    try {
      // In Node it is a stream of buffers.
      for await (const chunk of Body as AsyncIterable<Uint8Array>) fill(chunk.subarray(0, bytes - done));
      if (done === bytes) break;
      throw new ServerFailure('storage', 'ECONNRESET');
    } catch (error) {
      if (tries >= TRIES) throw failureOf(error);
    }
  }
  if (hash.digest('hex') !== sha256) throw damaged(whose, 'the SHA-256 it was stored with', 'another');
}

async function contentOf({ client, bucket }: Bucket, Key: string): Promise<string | undefined> {
  const read = async (): Promise<string | undefined> => {
    const { Body } = await told(client.send(new GetObjectCommand({ Bucket: bucket, Key }), within(SHORT_MS)));
    return Body?.transformToString();
  };
  return read().catch(ifMissing(undefined));
}

/** Writes the mark of who has the place, if nobody else did. Who has it. */
async function marked(where: Bucket, Key: string, identity: string): Promise<string | undefined> {
  const { client, bucket: Bucket } = where;
  const command = new PutObjectCommand({ Bucket, Key, Body: identity, IfNoneMatch: '*' });
  await told(client.send(command, within(SHORT_MS))).catch((error: unknown) => {
    if (codeOf(error) !== 'PreconditionFailed' && codeOf(error) !== 'ConditionalRequestConflict') throw error;
  });
  return contentOf(where, Key);
}

const within = (ms: number): { readonly abortSignal: AbortSignal } => ({
  abortSignal: AbortSignal.timeout(ms),
});

/** What it resolves with; an error of the SDK as ServerFailure, an object that is not there as the system's ENOENT. */
async function told<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw failureOf(error);
  }
}

function failureOf(error: unknown): unknown {
  // Problems of the service itself are no failures of the storage.
  if (error instanceof ServerFailure || error instanceof Problem) return error;
  const name = textOf(error, 'name');
  if (name === 'NoSuchKey' || name === 'NotFound') return new ServerFailure('storage', 'ENOENT');
  if (name === 'AbortError') return new ServerFailure('storage', 'ETIMEDOUT');
  const code = textOf(error, 'code') || name;
  const status = (error instanceof S3ServiceException && error.$metadata.httpStatusCode) || 0;
  const refused = status >= 400 && status < 500 && !PASSING.includes(status);
  return new ServerFailure(
    'storage',
    /^\w{1,60}$/u.test(code) ? code : 'failed',
    refused || name === 'CredentialsProviderError',
  );
}

/** Statuses of 4xx that a request may get which is right: of time, of what others do meanwhile, of too many at once. */
const PASSING: readonly number[] = [408, 409, 412, 429];

const ifMissing =
  <T>(instead: T) =>
  (error: unknown): T => {
    if (codeOf(error) === 'ENOENT') return instead;
    throw error;
  };
