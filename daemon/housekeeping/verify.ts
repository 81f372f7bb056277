/** Reads all of a store and names what is not as it was written. */
import type { ArtifactStore, StoredContent } from '../artifacts/model.ts';
import { filesBelow } from '../artifacts/model.ts';
import { problemOf } from '../artifacts/soundness.ts';
import { formatBytes } from '../contract/display.ts';
import { ApiError, withoutMissing } from '../contract/errors.ts';
import type { Verification } from '../contract/housekeeping.ts';
import type { Database } from '../database/database.ts';

import { counting, type Work } from './task.ts';

/** Reading is all that it does: it may run while nothing else has the store, and beside a daemon that works. */
export type Readable = Pick<Database, 'read' | 'survey'>;

const PAGE = 500;
/** Files that are read at the same time. */
const AT_ONCE = 4;

type Recorded = StoredContent & { readonly path: string };
type Finding = Verification['artifacts'][number];

/** Checks the database, and every artifact against the hash that it was uploaded with. */
export async function verifyStore(
  { database, files }: { database: Readable; files: ArtifactStore },
  work: Work,
): Promise<Verification> {
  work.progress('Reading the database…');
  const { problems, damaged, skipped } = await database.survey('housekeeping.checkDatabase', {});
  if (damaged) {
    const why = 'the database, which has their hashes, is damaged';
    return { ...NOTHING_READ, database: problems, skipped: [...skipped, `artifacts: ${why}`] };
  }
  const sources = await missingSources(database, files);
  return { database: [...problems, ...sources], skipped, ...(await verifyArtifacts(database, files, work)) };
}

/** What is said of artifacts when none were read. */
export const NOTHING_READ = { artifacts: [], files: 0, bytes: 0, unrecorded: 0 };

async function missingSources(database: Readable, files: ArtifactStore): Promise<string[]> {
  const missing: string[] = [];
  for (const { version, path } of await database.read('housekeeping.versionFiles', {})) {
    if (path === null) missing.push(`${version}: the run that its files belong to is gone`);
    else if (!(await files.stat(path))) missing.push(`${version}: its files at ${path} are gone`);
  }
  return missing;
}

async function verifyArtifacts(
  database: Readable,
  files: ArtifactStore,
  work: Work,
): Promise<Pick<Verification, 'artifacts' | 'files' | 'bytes' | 'unrecorded'>> {
  const artifacts: Finding[] = [];
  let bytes = 0;
  let read = 0;
  const tell = counting(work, count => `Reading artifacts: ${read} files, ${formatBytes(count)}…`);
  const onBytes = (count: number) => {
    bytes += count;
    tell(bytes);
  };
  for await (const page of recordedPages(database)) {
    for (let start = 0; start < page.length; start += AT_ONCE) {
      const some = page.slice(start, start + AT_ONCE);
      const found = await Promise.all(some.map(each => verifyFile(database, files, each, onBytes)));
      artifacts.push(...found.flatMap(each => each ?? []));
      read += some.length;
      tell(bytes);
    }
  }
  const gone = artifacts.filter(({ problem }) => problem === GONE).length;
  let present = 0;
  for await (const _file of filesBelow(files, '')) present += 1;
  return { artifacts, files: read, bytes, unrecorded: Math.max(0, present - (read - gone)) };
}

/** The records, a page at a time. */
async function* recordedPages(database: Readable): AsyncGenerator<Recorded[]> {
  for (let after = ''; ; ) {
    const page = await database.read('artifacts.page', { after, limit: PAGE });
    const last = page.at(-1);
    if (!last) return;
    yield page;
    after = last.path;
  }
}

const GONE = 'it is gone';

async function verifyFile(
  database: Readable,
  files: ArtifactStore,
  recorded: Recorded,
  onBytes: (count: number) => void,
): Promise<Finding | undefined> {
  const { path } = recorded;
  const problem = await problemAt(files, recorded, onBytes);
  if (problem === undefined) return undefined;
  // Uploaded anew or deleted meanwhile: a record never stands beside another content.
  const now = await database.read('artifacts.recorded', { path });
  return now?.sha256 === recorded.sha256 ? { path, problem } : undefined;
}

async function problemAt(
  files: ArtifactStore,
  recorded: Recorded,
  onBytes: (count: number) => void,
): Promise<string | undefined> {
  try {
    const file = await withoutMissing(files.open(recorded.path));
    return file ? await problemOf(file, recorded, onBytes) : GONE;
  } catch (error) {
    if (error instanceof ApiError) return error.message;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    return `it cannot be read (${message})`;
  }
}
