import { createHash } from 'node:crypto';
import path from 'node:path';
import * as z from 'zod';
import { newToken } from '../client/connection.ts';
import { readPrivateFile, writePrivateFile } from '../client/state.ts';
import { ApiError, invalid, missing } from '../contract/errors.ts';
import type { Principal } from '../contract/principal.ts';
import { type PersonRole, PersonToken } from '../contract/tokens.ts';

/** As it is kept: the SHA-256 of the secret, in hex, in its place. */
const Kept = PersonToken.extend({ digest: z.string() });
type Kept = z.infer<typeof Kept>;

/** The tokens of people, in a file of the user's state folder. */
export class PersonTokens {
  readonly #file: string;
  /** By digest. */
  readonly #kept: Map<string, Kept>;

  /** @param state the store's private folder */
  constructor(state: string) {
    this.#file = path.join(state, 'person-tokens.json');
    const text = readPrivateFile(this.#file);
    const kept = text === undefined ? [] : z.array(Kept).parse(JSON.parse(text));
    this.#kept = new Map(kept.map(each => [each.digest, each]));
  }

  /** In the order in which they were made. */
  get all(): PersonToken[] {
    return [...this.#kept.values()].map(withoutDigest);
  }

  /** @throws ApiError RESOURCE_ALREADY_EXISTS while the person has one, INVALID_PARAMETER_VALUE when it would have expired */
  create(name: string, role: PersonRole, expiresAt: number | null): PersonToken & { token: string } {
    if (this.#find(name))
      throw new ApiError(
        'RESOURCE_ALREADY_EXISTS',
        `“${name}” has a token. Revoke that one to make another.`,
      );
    if (expiresAt !== null && expiresAt <= Date.now())
      throw invalid(`A token cannot expire at ${new Date(expiresAt).toISOString()}, which is over.`);
    const token = newToken();
    const digest = createHash('sha256').update(token).digest('hex');
    const made = { name, role, createdAt: Date.now(), expiresAt, digest };
    this.#write([...this.#kept.values(), made]);
    this.#kept.set(digest, made);
    return { ...withoutDigest(made), token };
  }

  /** @throws ApiError RESOURCE_DOES_NOT_EXIST */
  revoke(name: string): PersonToken {
    const found = this.#find(name);
    if (!found) throw missing(`“${name}” has no token; see modelthat token ls.`);
    // Before it is written: should that fail, it holds for no longer either.
    this.#kept.delete(found.digest);
    this.#write([...this.#kept.values()]);
    return withoutDigest(found);
  }

  /** Whose token has this SHA-256, in hex; undefined when nobody's, or when it has expired. */
  principalOf(digest: string): Principal | undefined {
    const found = this.#kept.get(digest);
    if (!found || (found.expiresAt !== null && found.expiresAt <= Date.now())) return undefined;
    return { access: found.role, subject: found.name };
  }

  /** Names that differ in case alone would pass for each other in records. */
  #find(name: string): Kept | undefined {
    return [...this.#kept.values()].find(each => each.name.toLowerCase() === name.toLowerCase());
  }

  #write(kept: readonly Kept[]): void {
    writePrivateFile(this.#file, JSON.stringify(kept));
  }
}

function withoutDigest({ digest: _digest, ...token }: Kept): PersonToken {
  return token;
}
