/** Space in the database file that nothing is in any more: sealed points take a third of what they took as rows. */
import type { Database as Connection } from 'better-sqlite3';
import { statement } from './statements.ts';

/** Pages that are given back at a time, which takes some milliseconds. */
const PAGES = 256;

/** Free space that stays for what comes next: this part of the file, and at least so many pages. */
const KEPT = { part: 1 / 8, pages: 4096 } as const;

/** Pages of a database, as SQLite counts them. */
interface Pages {
  readonly all: number;
  readonly free: number;
}

/**
 * Gives a little of the free space in the file back to the file system, down to what is kept.
 *
 * @returns whether there is more to give back
 */
export function giveBackSpace(connection: Connection): boolean {
  if (spare(pagesOf(connection)) === 0) return false;
  const { before, after } = giveBackPages(connection);
  // One that an early version made cannot shrink.
  return after.free < before.free && spare(after) > 0;
}

/** Gives some of the free pages back, of those that are kept, too. */
export function giveBackPages(connection: Connection): { before: Pages; after: Pages } {
  const before = pagesOf(connection);
  connection.pragma(`incremental_vacuum(${PAGES})`);
  return { before, after: pagesOf(connection) };
}

function spare({ all, free }: Pages): number {
  return Math.max(0, free - Math.max(KEPT.pages, Math.ceil(all * KEPT.part)));
}

function pagesOf(connection: Connection): Pages {
  const pages = statement<Pages>(
    connection,
    'SELECT page_count AS "all", freelist_count AS free FROM pragma_page_count, pragma_freelist_count',
  ).get();
  if (!pages) throw new Error('SQLite does not count its pages');
  return pages;
}
