/** What aim_export.py writes, line by line: Aim's words, which may be anything. */
import * as z from 'zod';
import { Unreadable } from '../folder.ts';

const Milliseconds = z.number().int();

/** JSON has no words for these. */
const Value = z.union([
  z.number(),
  z.enum(['nan', 'inf', '-inf']).transform(word => Number(word.replace('inf', 'Infinity'))),
]);

/** Lines of `store.jsonl`; each has one of the fields. */
export const StoreLine = z.object({
  experiment: z
    .object({ name: z.string().min(1), description: z.string(), created: Milliseconds })
    .optional(),
  problem: z.object({ place: z.string(), message: z.string() }).optional(),
});

/** Points of one sequence, as columns of equal length. A sequence has several such lines when it is long. */
export const PointsLine = z.object({
  name: z.string().min(1),
  context: z.record(z.string(), z.unknown()),
  steps: z.array(z.number().int()),
  values: z.array(Value),
  epochs: z.array(Value.nullable()),
  times: z.array(Milliseconds.min(0).nullable()),
});
export type PointsLine = z.infer<typeof PointsLine>;

/** Lines of a run's file; each has one of the fields, the first one `run`. */
export const RunLine = z.object({
  run: z
    .object({
      id: z.string(),
      experiment: z.string().min(1),
      name: z.string(),
      description: z.string(),
      archived: z.boolean(),
      start: Milliseconds.nullable(),
      end: Milliseconds.nullable(),
      tags: z.array(z.string()),
    })
    .optional(),
  param: z.tuple([z.string(), z.string()]).optional(),
  commit: z.string().optional(),
  points: PointsLine.optional(),
  problem: StoreLine.shape.problem,
  /** What has no place here, and how much of it there is. */
  leftOut: z.tuple([z.string(), z.number().int()]).optional(),
});
export type RunLine = z.infer<typeof RunLine>;

/** @throws Unreadable when the line is not of this form */
export function parseLine<Line>(schema: z.ZodType<Line>, line: string): Line {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new Unreadable('it is no JSON, or too long');
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Unreadable(`${issue?.path.join('.')}: ${issue?.message}`);
}
