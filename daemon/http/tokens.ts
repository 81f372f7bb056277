/** Who is calling: tokens and the principals behind them. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { newToken } from '../client/connection.ts';
import type { ExecutionScope, Principal } from '../contract/principal.ts';
import type { PersonTokens } from './person-tokens.ts';

const OWNER: Principal = { access: 'owner' };
const TRACKING: Principal = { access: 'tracking' };

/** Makes and forgets the tokens of steps, trials and model servers. */
export interface ExecutionTokens {
  /** @returns a new token for one step, trial or model server; without a scope it is tied to no run. */
  issue(scope?: ExecutionScope): string;
  revoke(token: string): void;
  /** Makes a token valid again that an earlier daemon issued to a step which still runs. */
  restore(token: string, scope?: ExecutionScope): void;
}

/** The tokens that open this daemon. Only their SHA-256 is held. */
export class Tokens implements ExecutionTokens {
  #owner: Buffer;
  #tracking: Buffer;
  /** Principals of the tokens that were made for one purpose. */
  readonly #issued = new Map<string, Principal>();
  /** Those that were made for people. */
  readonly people: PersonTokens;

  constructor(secrets: { readonly owner: string; readonly tracking: string }, people: PersonTokens) {
    this.people = people;
    this.#owner = digest(secrets.owner);
    this.#tracking = digest(secrets.tracking);
  }

  /** Replaces the owner and tracking tokens; the old ones are worth nothing from now on. */
  replace(secrets: { readonly owner: string; readonly tracking: string }): void {
    this.#owner = digest(secrets.owner);
    this.#tracking = digest(secrets.tracking);
  }

  issue(scope?: ExecutionScope): string {
    const token = newToken();
    this.restore(token, scope);
    return token;
  }

  /** A new token for the parts of one upload. */
  issueForUpload(uploadId: string): { readonly token: string; revoke(): void } {
    const token = newToken();
    const key = keyOf(token);
    this.#issued.set(key, { access: 'upload', uploadId });
    return { token, revoke: () => this.#issued.delete(key) };
  }

  restore(token: string, scope?: ExecutionScope): void {
    this.#issued.set(keyOf(token), { access: 'execution', ...(scope ? { scope } : {}) });
  }

  revoke(token: string): void {
    this.#issued.delete(keyOf(token));
  }

  /** Whose token this is; undefined when nobody's. */
  principalOf(token: string): Principal | undefined {
    const given = digest(token);
    if (timingSafeEqual(given, this.#owner)) return OWNER;
    if (timingSafeEqual(given, this.#tracking)) return TRACKING;
    // A look-up by digest leaks nothing that helps to guess a token.
    const key = given.toString('hex');
    return this.#issued.get(key) ?? this.people.principalOf(key);
  }
}

/** The token of an Authorization header: Bearer, or Basic with the token as the password. */
export function tokenOf(authorization: string | undefined): string | undefined {
  const [, scheme = '', value = ''] = /^(\S+) +(\S+) *$/.exec(authorization ?? '') ?? [];
  if (scheme.toLowerCase() === 'bearer') return value;
  if (scheme.toLowerCase() !== 'basic') return undefined;
  const pair = Buffer.from(value, 'base64').toString();
  const colon = pair.indexOf(':');
  return colon < 0 ? undefined : pair.slice(colon + 1);
}

function keyOf(token: string): string {
  return digest(token).toString('hex');
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
