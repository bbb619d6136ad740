import { Problem, type ProblemCode } from './problem.js';

/** What a caller may do: read what is stored, have something computed, change stored models. */
export const SCOPES = ['read', 'analyze', 'models'] as const;
export type Scope = (typeof SCOPES)[number];

/** Someone who may ask. */
export interface Caller {
  /** Name of the key, or subject of the token: what logs call it. */
  readonly id: string;
  readonly kind: 'key' | 'token';
  readonly scopes: ReadonlySet<Scope>;
  /** Requests and bytes a minute, 0: as many as it likes; undefined: those of the settings. */
  readonly requests?: number | undefined;
  readonly bytes?: number | undefined;
}

/** What a request says of who sends it. */
export interface Credentials {
  readonly authorization: string | undefined;
  /** Of `X-API-Key`. */
  readonly apiKey: string | undefined;
}

/** What is left of a quota. */
export interface Allowance {
  readonly unit: 'requests' | 'bytes';
  /** Units a minute. */
  readonly limit: number;
  readonly remaining: number;
  /** Until it is full again. */
  readonly resetMs: number;
}

export interface Counted {
  readonly allowances: readonly Allowance[];
  /** The quota that was passed: the request is to be refused. */
  readonly over: Allowance | undefined;
}

export interface Access {
  /** Whether callers must say who they are. */
  readonly required: boolean;
  /**
   * Throws Denied: `unauthorized`; `quota_exceeded` after too many failures from one address; `access_unavailable` when
   * the keys of tokens cannot be had.
   */
  identify(credentials: Credentials, address: string): Promise<Caller>;
  /**
   * Counts requests, and bytes of bodies as far as they are known, for the caller, or for the address of one that is not
   * known. Throws Problem `too_large` for bytes that no minute has.
   */
  count(caller: Caller | undefined, address: string, requests: number, bytes: number): Promise<Counted>;
}

export type DeniedCode = Extract<
  ProblemCode,
  'unauthorized' | 'forbidden' | 'quota_exceeded' | 'access_unavailable'
>;

/** A request that is refused for who sends it, or for how much that one sends. */
export class Denied extends Problem {
  constructor(
    override readonly code: DeniedCode,
    detail: string,
    /** Until it may be asked again. */
    readonly waitMs?: number,
  ) {
    super(code, detail);
  }
}
