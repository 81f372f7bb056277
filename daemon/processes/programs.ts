/** Finding programs without a shell. */
import { existsSync } from 'node:fs';
import path from 'node:path';

/**
 * Path of a program on the PATH; undefined where it is not installed. Relative folders of the PATH are left out: what
 * lies in the current folder is nobody's choice.
 *
 * @param name without the ending that programs have on Windows
 * @param also further folders, looked in last
 */
export function findProgram(name: string, also: readonly string[] = []): string | undefined {
  const file = process.platform === 'win32' ? `${name}.exe` : name;
  return [...(process.env.PATH ?? '').split(path.delimiter), ...also]
    .filter(path.isAbsolute)
    .map(folder => path.join(folder, file))
    .find(place => existsSync(place));
}
