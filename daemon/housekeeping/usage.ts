/** What a store takes on the disk. */
import fs from 'node:fs/promises';
import path from 'node:path';
import { type ArtifactStore, filesBelow } from '../artifacts/model.ts';
import { formatBytes } from '../contract/display.ts';
import type { ExperimentUsage, StoreUsage } from '../contract/housekeeping.ts';
import type { Database } from '../database/database.ts';
import { diskUse } from './strays.ts';
import { counting, type Work } from './task.ts';

/** What is measured. */
export interface UsageParts {
  readonly store: string;
  readonly database: Pick<Database, 'survey'>;
  readonly files: ArtifactStore;
  /** Folders that all stores of the user share, by what they are. */
  readonly shared: Readonly<Record<string, string>>;
}

/** What lies in a store, and what it is called where its name does not say it. */
const PARTS: Readonly<Record<string, string>> = {
  'modelthat.db': 'database',
  'modelthat.db-wal': 'write-ahead log',
  'modelthat.db-shm': 'write-ahead log',
  cache: 'cache of steps',
  executions: 'logs of steps',
};

type Files = { artifacts: number; models: number };

/** Measures a store; reads through its folders, and through the database once. */
export async function measureStore(parts: UsageParts, work: Work): Promise<StoreUsage> {
  work.progress('Measuring the database…');
  const { experiments, free } = await parts.database.survey('housekeeping.usage', {});
  const byFolder = new Map(
    experiments.flatMap(({ folder }) => (folder === null ? [] : [[folder, noFiles()]])),
  );
  const artifacts = await measureArtifacts(parts.files, byFolder, work);
  const sizes = new Map<string, number>([['artifacts', artifacts]]);
  for (const name of await fs.readdir(parts.store)) {
    if (name === 'artifacts') continue;
    const part = PARTS[name] ?? name;
    sizes.set(part, (sizes.get(part) ?? 0) + (await diskUse(path.join(parts.store, name))));
  }
  const own = [...sizes].map(([name, bytes]) => ({ name, bytes, shared: false }));
  const shared = await Promise.all(
    Object.entries(parts.shared).map(async ([name, folder]) => ({
      name,
      bytes: await diskUse(folder),
      shared: true,
    })),
  );
  return {
    store: parts.store,
    artifacts: parts.files.place,
    total: own.reduce((sum, { bytes }) => sum + bytes, 0),
    parts: [...own, ...shared].filter(({ bytes }) => bytes > 0).sort((a, b) => b.bytes - a.bytes),
    experiments: experiments
      .map(({ folder, bytes, ...experiment }) => ({
        ...experiment,
        database: bytes,
        ...((folder === null ? undefined : byFolder.get(folder)) ?? noFiles()),
      }))
      .sort((a, b) => totalOf(b) - totalOf(a)),
    free,
  };
}

const noFiles = (): Files => ({ artifacts: 0, models: 0 });

function totalOf({ database, artifacts, models }: ExperimentUsage): number {
  return database + artifacts + models;
}

/** Adds files to the experiments that they lie below. @returns the bytes of all */
async function measureArtifacts(
  files: ArtifactStore,
  byFolder: ReadonlyMap<string, Files>,
  work: Work,
): Promise<number> {
  let bytes = 0;
  let count = 0;
  const tell = counting(work, () => `Measuring artifacts: ${count} files, ${formatBytes(bytes)}…`);
  for await (const file of filesBelow(files, '')) {
    bytes += file.size;
    count += 1;
    tell(count);
    const names = file.path.split('/');
    for (let depth = names.length - 1; depth >= 0; depth -= 1) {
      const found = byFolder.get(names.slice(0, depth).join('/'));
      if (!found) continue;
      found[names[depth] === 'models' ? 'models' : 'artifacts'] += file.size;
      break;
    }
  }
  return bytes;
}
