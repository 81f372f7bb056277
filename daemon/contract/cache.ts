/** The cache of steps' outputs, and what a clean-up of it takes. */
import * as z from 'zod';
import { Time } from './values.ts';

const Bytes = z.number().nonnegative();
const Count = z.number().int().nonnegative();

/** What a clean-up of the cache takes, or would. */
export const CacheGarbage = z.object({
  /** Results of steps that nothing needs any more, with what only they have in the cache. */
  results: z.array(
    z.object({
      key: z.string(),
      /** The pipeline's file, relative to the workspace. */
      file: z.string(),
      step: z.string(),
      /** As people call the execution that made it. */
      execution: z.string(),
      endTime: Time,
      bytes: Bytes,
    }),
  ),
  /** Files in the cache that belong to no result: of work that was interrupted, for one. */
  strays: z.object({ count: Count, bytes: Bytes }),
  /** What stays. */
  kept: z.object({ results: Count, bytes: Bytes }),
  /** So many of each pipeline's newest executions keep what they need. */
  executions: Count,
  /** All that goes. */
  bytes: Bytes,
  /** False: this is what would go. */
  removed: z.boolean(),
});
export type CacheGarbage = z.infer<typeof CacheGarbage>;
