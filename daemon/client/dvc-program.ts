/** Finds the DVC of a project: that of its Python environment, which has what its storage needs, else the one on the PATH. */
import fs from 'node:fs';
import path from 'node:path';

/** Folders that environments are usually made in. */
const ENVIRONMENTS = ['.venv', 'venv', 'env'];

/** What to do where there is none. */
export const INSTALL_DVC =
  'Install it with what your storage needs: pip install "dvc[s3]" (or gs, azure, ssh …)';

/** @param folder of the project, or in it. @returns undefined when DVC is not installed */
export function findDvc(folder: string, env: NodeJS.ProcessEnv = process.env): string | undefined {
  const own = foldersUp(folder).flatMap(at => ENVIRONMENTS.map(name => path.join(at, name)));
  const active = env.VIRTUAL_ENV ? [env.VIRTUAL_ENV] : [];
  const windows = process.platform === 'win32';
  const bins = [...active, ...own].map(environment => path.join(environment, windows ? 'Scripts' : 'bin'));
  const onPath = (env.PATH ?? '').split(path.delimiter).filter(path.isAbsolute);
  return [...bins, ...onPath]
    .map(bin => path.join(bin, windows ? 'dvc.exe' : 'dvc'))
    .find(file => fs.existsSync(file));
}

/** A folder and those above it, up to the one that holds the DVC project. */
function foldersUp(folder: string): string[] {
  const parent = path.dirname(folder);
  if (parent === folder || fs.existsSync(path.join(folder, '.dvc'))) return [folder];
  return [folder, ...foldersUp(parent)];
}
