/** What DVC calls a version of a file that it keeps beside the code, by a `.dvc` file. */
import { createHash } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';

/** What of a `.dvc` file tells the version of its data. */
const DvcFile = z.object({ outs: z.array(z.object({ path: z.string(), md5: z.string().optional() })) });

const DVC_FILE_BYTES = 64 * 2 ** 10;

export function dvcFileOf(file: string): string {
  return `${file}.dvc`;
}

/** @returns null when the `.dvc` file beside it names another version, or cannot be read */
export async function dvcNameOf(file: string, content: Buffer): Promise<string | null> {
  try {
    const beside = dvcFileOf(file);
    if ((await fs.stat(beside)).size > DVC_FILE_BYTES) return null;
    const text = await fs.readFile(beside, 'utf8');
    const { outs } = DvcFile.parse(parse(text, { schema: 'core', maxAliasCount: 0 }));
    const md5 = createHash('md5').update(content).digest('hex');
    return outs.some(out => out.path === path.basename(file) && out.md5 === md5) ? md5 : null;
  } catch {
    return null;
  }
}
