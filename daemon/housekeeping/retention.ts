/** How long things are kept: `retention.json` in the store's folder, where there is one. */
import fs from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { invalid } from '../contract/errors.ts';

const FILE = 'retention.json';

const Retention = z.strictObject({
  /** Days that runs, models and experiments stay in the bin before a clean-up takes them. */
  days: z.number().nonnegative().default(30),
  /** Backups in the store that a clean-up leaves, the newest ones. */
  backups: z.number().int().nonnegative().default(5),
  /** Executions of each pipeline whose results a clean-up of the cache leaves, the newest ones. */
  executions: z.number().int().nonnegative().default(10),
});
export type Retention = z.infer<typeof Retention>;

/** @throws ApiError INVALID_PARAMETER_VALUE that names the file and what is wrong in it */
export async function readRetention(store: string): Promise<Retention> {
  const file = path.join(store, FILE);
  let text: string;
  try {
    text = await fs.readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Retention.parse({});
    throw invalid(`${file} cannot be read: ${(error as Error).message}`);
  }
  try {
    return Retention.parse(JSON.parse(text));
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : (error as Error).message;
    throw invalid(`${file} is not understood: ${why}`);
  }
}
