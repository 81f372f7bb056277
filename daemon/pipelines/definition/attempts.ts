/** How often a step is tried, and how long each attempt may take, as definitions write it. */

/** A value that a key cannot have. */
export class ValueError extends Error {
  override readonly name = 'ValueError';
  readonly remedy: string;

  constructor(message: string, remedy: string) {
    super(message);
    this.remedy = remedy;
  }
}

/** What happens when an attempt at a step's commands fails. Times are milliseconds. */
export interface Retries {
  /** Further attempts after the first. */
  readonly times: number;
  /** Before the second attempt. */
  readonly wait: number;
  /** What the wait is multiplied by after each further attempt. */
  readonly backoff: number;
  /** The longest wait. */
  readonly maxWait: number;
}

/** What `retries: 3` leaves out. */
export const RETRY_DEFAULTS = { wait: '1s', backoff: 2, max_wait: '5m' } as const;

const MAX_TIMES = 100;
const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** The longest time that timers can count. */
const MAX_DAYS = 24;

/**
 * Reads a duration: `90s`, `15m`, `1.5h`, or a number of seconds.
 *
 * @returns milliseconds
 * @throws ValueError
 */
export function parseDuration(value: unknown): number {
  const [, number, unit = 's'] = /^\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)?\s*$/.exec(String(value)) ?? [];
  if (number === undefined)
    throw new ValueError(`“${value}” is not a duration`, 'Write it like 90s, 15m, 2h, or as seconds.');
  const milliseconds = Math.round(Number(number) * UNITS[unit as keyof typeof UNITS]);
  if (milliseconds <= MAX_DAYS * UNITS.d) return milliseconds;
  throw new ValueError(`“${value}” is too long`, `Write at most ${MAX_DAYS}d.`);
}

/** Reads how long an attempt may take. @returns milliseconds @throws ValueError */
export function parseTimeout(value: unknown): number {
  const milliseconds = parseDuration(value);
  if (milliseconds > 0) return milliseconds;
  throw new ValueError('a timeout of 0 would end every attempt', 'Write a longer time, or remove it.');
}

/** @throws ValueError */
export function parseTimes(value: unknown): number {
  const times = asNumber(value);
  if (Number.isInteger(times) && times >= 0 && times <= MAX_TIMES) return times;
  throw new ValueError(
    `“${value}” is not a number of attempts`,
    `Write a whole number from 0 to ${MAX_TIMES}.`,
  );
}

/** @throws ValueError */
export function parseBackoff(value: unknown): number {
  const factor = asNumber(value);
  if (factor >= 1 && factor <= 100) return factor;
  throw new ValueError(`“${value}” is not a factor for the wait`, 'Write a number from 1 to 100.');
}

function asNumber(value: unknown): number {
  if (typeof value === 'string') return /^\d+(\.\d+)?$/.test(value) ? Number(value) : Number.NaN;
  return typeof value === 'number' ? value : Number.NaN;
}

/** A duration as one writes it in a definition: `90s`, `15m`. */
export function writeDuration(milliseconds: number): string {
  const unit = (['d', 'h', 'm', 's'] as const).find(
    each => milliseconds > 0 && milliseconds % UNITS[each] === 0,
  );
  return unit ? `${milliseconds / UNITS[unit]}${unit}` : `${milliseconds / 1_000}s`;
}

/** How long to wait after a failed attempt, in milliseconds. @param attempt its number, from 1 */
export function waitAfter({ wait, backoff, maxWait }: Retries, attempt: number): number {
  return Math.round(Math.min(maxWait, wait * backoff ** (attempt - 1)));
}
