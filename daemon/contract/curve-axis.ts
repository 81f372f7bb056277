import * as z from 'zod';

/** What a curve is drawn over: steps, time since the run began, or wall-clock time. */
export const CurveAxis = z.enum(['step', 'time', 'clock']);
export type CurveAxis = z.infer<typeof CurveAxis>;
