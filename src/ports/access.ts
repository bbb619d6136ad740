/** What a caller may do: read what is stored, have something computed, change stored models. */
export const SCOPES = ['read', 'analyze', 'models'] as const;
export type Scope = (typeof SCOPES)[number];

/** Someone who may ask. */
export interface Caller {
  /** Name of the key, or subject of the token: what logs call it. */
  readonly id: string;
  readonly scopes: ReadonlySet<Scope>;
  /** Requests and bytes a minute; undefined: those of the settings. */
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
  readonly limit: number;
  readonly remaining: number;
  /** Until it is full again. */
  readonly resetMs: number;
}

export interface Access {
  /** Whether callers must say who they are. */
  readonly required: boolean;
  /** Throws Problem `unauthorized`, or `access_unavailable` when keys of tokens cannot be had. */
  identify(credentials: Credentials): Promise<Caller>;
  /**
   * Counts one request, and bytes of its body as far as they are known. `who` is the caller's id, or the address of one
   * that is not known. Undefined where there is no quota. Throws Problem `quota_exceeded` with the time to wait.
   */
  charge(who: string, caller: Caller | undefined, bytes: number): Promise<Allowance | undefined>;
  close(): void;
}
