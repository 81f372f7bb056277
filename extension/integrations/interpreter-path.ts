import { homedir } from 'node:os';
import path from 'node:path';

/**
 * The interpreter that the setting `python.defaultInterpreterPath` names; undefined for the mere name of a program, which
 * is no choice of an environment.
 */
export function interpreterPath(text: string, folder: string | undefined): string | undefined {
  const filled = text
    .replaceAll(/\$\{workspace(Folder|Root)\}/g, folder ?? '')
    .replace(/^~(?=[\\/])/, homedir())
    .replaceAll(/\$\{env:(\w+)\}/g, (_, name: string) => process.env[name] ?? '');
  if (path.isAbsolute(filled)) return path.normalize(filled);
  return folder !== undefined && /[\\/]/.test(filled) ? path.resolve(folder, filled) : undefined;
}
