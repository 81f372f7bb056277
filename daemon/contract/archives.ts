/** Archives: a run, a model with all that led to it, or a whole store in one file. */
import * as z from 'zod';

const Count = z.number().int().nonnegative();

export const ExportOf = z.union([
  z.strictObject({ run: z.string() }),
  z.strictObject({ model: z.string() }),
  z.strictObject({ store: z.literal(true) }),
]);
export type ExportOf = z.infer<typeof ExportOf>;

/** An archive that was made. */
export const Archive = z.object({
  path: z.string(),
  runs: Count,
  loggedModels: Count,
  models: Count,
  /** Executions of pipelines. */
  executions: Count,
  /** Artifacts. */
  files: Count,
  /** Of the archive. */
  bytes: z.number().nonnegative(),
  /** Artifacts that are not what was uploaded, and are not in it. */
  damaged: z.array(z.string()),
  milliseconds: z.number(),
});
export type Archive = z.infer<typeof Archive>;

/** What is taken of an archive unless more is asked for: who made it may have meant harm. */
export const ARCHIVE_LIMITS = {
  /** Of all its files, unpacked. */
  bytes: 2 * 2 ** 30,
  files: 100_000,
  /** Bytes unpacked for each byte packed, of what comes to more than `freeBytes`: small files may be packed as well as can be. */
  ratio: 100,
  freeBytes: 64 * 2 ** 20,
} as const;
