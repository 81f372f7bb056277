/** The files of a DVC project: those with stages, and those that keep versions of data. */
import { statSync } from 'node:fs';
import path from 'node:path';
import { isInside } from '../definition/graph.ts';
import { readSource } from '../definition/source.ts';
import { findFiles } from '../find.ts';
import { isList } from './context.ts';
import type { DvcData } from './model.ts';
import { isDict, type PythonValue } from './python.ts';
import { DVC_YAML } from './yaml.ts';

/** The name of the files with stages. */
export const DVC_FILE = 'dvc.yaml';

/** Whether a file has stages of DVC. */
export function isDvcFile(file: string): boolean {
  return path.basename(file) === DVC_FILE;
}

/** What was found of a project. */
export interface ProjectFiles {
  /** Folder that holds `.dvc`; undefined where there is none. */
  readonly root: string | undefined;
  /** Absolute paths of the files with stages, and of those that keep versions of data; nearest to the root first. */
  readonly files: readonly string[];
  /** Whether all folders were looked into. */
  readonly complete: boolean;
}

/**
 * Finds the files of the project that a `dvc.yaml` belongs to, inside the workspace. Without a `.dvc` folder above it the
 * file stands alone.
 *
 * @param workspace folder that nothing outside of is looked at
 */
export async function findProject(file: string, workspace: string): Promise<ProjectFiles> {
  const root = rootOf(path.dirname(file));
  if (root === undefined) return { root, files: [file], complete: true };
  const from = root === workspace || isInside(root, workspace) ? root : workspace;
  const { files, complete } = await findFiles(from, {
    wanted: name => name === DVC_FILE || name.endsWith('.dvc'),
    ignoreFiles: ['.gitignore', '.dvcignore'],
    skipped: /^(\.git|\.hg|\.dvc|\.modelthat|\.venv|node_modules|__pycache__|site-packages)$/,
    isForeign: names => names.has('.dvc'),
  });
  return { root, files: files.includes(file) ? files : [...files, file], complete };
}

function rootOf(folder: string): string | undefined {
  for (let at = folder; ; at = path.dirname(at)) {
    if (statSync(path.join(at, '.dvc'), { throwIfNoEntry: false })?.isDirectory()) return at;
    if (at === path.dirname(at)) return undefined;
  }
}

/** The data that a `.dvc` file keeps a version of; none when the file cannot be read. */
export function readData(file: string): DvcData[] {
  const data = readSource(file, DVC_YAML).data as PythonValue | undefined;
  const outs = isDict(data) ? data.get('outs') : undefined;
  if (!isDict(data) || !isList(outs)) return [];
  const wdir = path.resolve(path.dirname(file), String(data.get('wdir') ?? '.'));
  return outs.flatMap(out => {
    const place = isDict(out) ? out.get('path') : undefined;
    return typeof place === 'string' ? [{ path: path.resolve(wdir, place), file }] : [];
  });
}
