import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Makes a folder a project of DVC unless it is one, as `dvc init` does. */
export function makeProject(root: string): void {
  const folder = path.join(root, '.dvc');
  if (existsSync(folder)) return;
  mkdirSync(folder);
  writeFileSync(path.join(folder, '.gitignore'), '/config.local\n/tmp\n/cache\n');
  writeFileSync(path.join(folder, 'config'), '');
}
