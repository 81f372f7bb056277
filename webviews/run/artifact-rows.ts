import type { ArtifactFile } from '../../daemon/contract/runs.ts';

/** One visible line of the tree of artifacts. */
export interface ArtifactRow {
  readonly file: ArtifactFile;
  readonly name: string;
  /** From 1, as `aria-level` counts. */
  readonly level: number;
  readonly open: boolean;
}

/**
 * The lines to show: folders first, the content of open folders below them.
 *
 * @param folders what is known of each folder, by its path; the root is ''
 */
export function artifactRows(
  folders: ReadonlyMap<string, readonly ArtifactFile[]>,
  open: ReadonlySet<string>,
  folder = '',
  level = 1,
): ArtifactRow[] {
  const files = [...(folders.get(folder) ?? [])].sort(
    (a, b) => Number(b.isDir) - Number(a.isDir) || a.path.localeCompare(b.path),
  );
  return files.flatMap(file => {
    const isOpen = file.isDir && open.has(file.path);
    const row = { file, name: file.path.slice(file.path.lastIndexOf('/') + 1), level, open: isOpen };
    return [row, ...(isOpen ? artifactRows(folders, open, file.path, level + 1) : [])];
  });
}
