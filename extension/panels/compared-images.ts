import type { ComparedImage } from '../../daemon/contract/compare-messages.ts';
import { listArtifacts } from '../../daemon/contract/runs.ts';
import type { StoreConnection } from '../daemon/store-connection.ts';
import { isImage } from './preview.ts';

/** Folders of a run that are looked into, so that one with very many files does not hold up the page. */
const MOST_FOLDERS = 30;
/** Runs that are looked into at once. */
const RUNS_AT_ONCE = 4;

/** Pictures that runs have, by path. @returns whether folders were left out, too */
export async function findImages(
  connection: StoreConnection,
  runIds: readonly string[],
): Promise<{ images: ComparedImage[]; cut: boolean }> {
  const byPath = new Map<string, string[]>();
  let cut = false;
  for (let first = 0; first < runIds.length; first += RUNS_AT_ONCE) {
    const some = runIds.slice(first, first + RUNS_AT_ONCE);
    const found = await Promise.all(some.map(runId => imagesOf(connection, runId)));
    for (const [place, { paths, more }] of found.entries()) {
      cut ||= more;
      for (const path of paths) byPath.set(path, [...(byPath.get(path) ?? []), some[place] ?? '']);
    }
  }
  const images = [...byPath].map(([path, ids]) => ({ path, runIds: ids }));
  return { images: images.sort((a, b) => a.path.localeCompare(b.path)), cut };
}

async function imagesOf(
  connection: StoreConnection,
  runId: string,
): Promise<{ paths: string[]; more: boolean }> {
  const folders = [''];
  const paths: string[] = [];
  for (let place = 0; place < folders.length && place < MOST_FOLDERS; place += 1) {
    const { files } = await connection.call(listArtifacts, {
      params: { runId },
      query: { path: folders[place] ?? '' },
    });
    for (const { path, isDir } of files) {
      if (isDir) folders.push(path);
      else if (isImage(path)) paths.push(path);
    }
  }
  return { paths, more: folders.length > MOST_FOLDERS };
}
