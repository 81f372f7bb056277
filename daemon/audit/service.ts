import type { AuditEntry, AuditNote, AuditVerification } from '../contract/audit.ts';
import { invalid } from '../contract/errors.ts';
import type { Database } from '../database/database.ts';
import type { EventBus } from '../events/bus.ts';
import type { Page } from '../tracking/pages.ts';
import { AuditAnchor } from './anchor.ts';
import type { Link } from './chain.ts';
import { readNotes, writeNote } from './notes.ts';
import type { AuditQuery } from './store.ts';
import { verifyAuditLog } from './verify.ts';

/** Entries that are anchored at once. */
const AT_ONCE = 2000;

/** What the audit log works with. */
export interface AuditParts {
  readonly database: Database;
  readonly events: EventBus;
  /** The store's private folder, where the anchor is. */
  readonly state: string;
  /** The store's folder. */
  readonly store: string;
  /** The folder whose repository has notes about the log. */
  readonly workspace: string;
  /** Told of what keeps entries from being anchored. */
  readonly warn: (error: unknown) => void;
}

/** Shows the audit log, anchors what is added to it, and checks it. */
export class AuditService {
  readonly #parts: AuditParts;
  readonly #anchor: AuditAnchor;
  readonly #unsubscribe: () => void;
  /** Entries up to this number were there when this daemon began. */
  readonly #found: number;
  #anchored: Link | undefined;
  #working: Promise<void> | undefined;
  #again = false;

  private constructor(parts: AuditParts, anchor: AuditAnchor, found: number, anchored: Link | undefined) {
    this.#parts = parts;
    this.#anchor = anchor;
    this.#found = found;
    this.#anchored = anchored;
    this.#unsubscribe = parts.events.subscribe(({ topic }) => {
      if (topic === 'model') this.#anchorSoon();
    });
    if (found > (anchored?.number ?? 0)) this.#anchorSoon();
  }

  /** Must have returned before the registry is written to. */
  static async open(parts: AuditParts): Promise<AuditService> {
    const anchor = new AuditAnchor(parts.state);
    const head = await parts.database.write('audit.head', {});
    return new AuditService(parts, anchor, head?.number ?? 0, await anchor.last());
  }

  async list(query: AuditQuery): Promise<Page<AuditEntry>> {
    const { limit } = query;
    const rows = await this.#parts.database.read('audit.list', { ...query, limit: limit + 1 });
    const items = rows.slice(0, limit);
    const last = items.at(-1);
    return rows.length > limit && last ? { items, nextPageToken: String(last.number) } : { items };
  }

  async verify(): Promise<AuditVerification> {
    this.#anchorSoon();
    await this.#working;
    return verifyAuditLog(this.#parts.database, this.#anchor, await readNotes(this.#parts));
  }

  /** Anchors the newest entry in a note of git, too. @throws ApiError when there is no entry, or no commit */
  async note(): Promise<AuditNote> {
    const head = await this.#parts.database.write('audit.head', {});
    if (!head) throw invalid('The audit log is empty: there is nothing to note.');
    return { ...head, commit: await writeNote(this.#parts, head) };
  }

  /** Anchors what was written. */
  async close(): Promise<void> {
    this.#unsubscribe();
    await this.#working;
  }

  /** Many entries that are added at once are anchored together. */
  #anchorSoon(): void {
    this.#again = true;
    this.#working ??= this.#anchorNew()
      .catch(this.#parts.warn)
      .finally(() => {
        this.#working = undefined;
        // Asked for after the last look, and before this.
        if (this.#again) this.#anchorSoon();
      });
  }

  async #anchorNew(): Promise<void> {
    while (this.#again) {
      this.#again = false;
      while (await this.#anchorSome());
    }
  }

  /** @returns whether there may be more */
  async #anchorSome(): Promise<boolean> {
    const last = this.#anchored;
    const links = await this.#parts.database.read('audit.links', { from: last?.number ?? 1, limit: AT_ONCE });
    // A log that was tampered with is not anchored anew: the anchor is what tells.
    if (last && links[0]?.hash !== last.hash)
      throw new Error(`entry ${last.number} of the audit log is not the one that was anchored`);
    const added = last ? links.slice(1) : links;
    if (added.length > 0) {
      await this.#anchor.append(added.map(link => ({ ...link, witnessed: link.number > this.#found })));
      this.#anchored = added.at(-1);
    }
    return links.length === AT_ONCE;
  }
}
