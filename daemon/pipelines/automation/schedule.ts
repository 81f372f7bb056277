/** When a schedule is due. */
import { Cron } from 'croner';

/** A schedule as a definition declares it. */
export interface Schedule {
  /** Minute, hour, day of the month, month, day of the week; with a field of seconds before them, if wanted. */
  readonly cron: string;
  /** Such as `Europe/Berlin`; null = the machine's own. */
  readonly timezone: string | null;
  /** What is done about times that came while nothing ran: one execution for all of them, or none. */
  readonly missed: 'once' | 'skip';
}

/** A schedule that cannot be read. */
export class CronError extends Error {
  override readonly name = 'CronError';
  readonly about: 'cron' | 'timezone';
  readonly remedy: string;

  constructor(about: 'cron' | 'timezone', message: string, remedy: string) {
    super(message);
    this.about = about;
    this.remedy = remedy;
  }
}

/** Later than this, a time counts as missed, in milliseconds. */
const LATE_MS = 60_000;
/** A clock that is set back by more than this was wrong before. */
const WRONG_MS = 25 * 3_600_000;

/** What a schedule comes to at a moment. */
export interface Look {
  /** The time that an execution is to be started for now; null = none. */
  readonly due: number | null;
  /** The time up to which everything is settled from now on. */
  readonly settled: number;
  /** When it is due again; null = never. */
  readonly next: number | null;
}

/**
 * Looks at a schedule. No time is due twice, also when the clock is set back.
 *
 * @param settled the time up to which an earlier look has settled everything
 */
export function look(schedule: Schedule, settled: number, now: number): Look {
  const known = settled > now + WRONG_MS ? now : settled;
  const newest = Math.max(known, now);
  const next = nextDue(schedule, newest);
  const latest = read(schedule)
    .previousRuns(1, new Date(now + 1))[0]
    ?.getTime();
  if (latest === undefined || latest <= known) return { due: null, settled: known, next };
  const isWanted = now - latest <= LATE_MS || schedule.missed === 'once';
  return { due: isWanted ? latest : null, settled: latest, next };
}

/** The first time after a moment at which a schedule is due; null = never. @throws CronError */
export function nextDue(schedule: Schedule, after: number): number | null {
  return read(schedule).nextRun(new Date(after))?.getTime() ?? null;
}

/** A schedule as a person reads it. */
export function describeSchedule({ cron, timezone }: Schedule): string {
  return timezone === null ? cron : `${cron} (${timezone})`;
}

function read({ cron, timezone }: Schedule): Cron {
  if (timezone !== null) checkTimezone(timezone);
  try {
    return new Cron(cron, { paused: true, mode: '5-or-6-parts', ...(timezone !== null && { timezone }) });
  } catch (error) {
    throw new CronError(
      'cron',
      `“${cron}” cannot be read: ${(error as Error).message}`,
      'Write minute, hour, day of the month, month and day of the week: “0 3 * * 1” is Monday at 3.',
    );
  }
}

function checkTimezone(timezone: string): void {
  try {
    new Intl.DateTimeFormat('en', { timeZone: timezone });
  } catch {
    throw new CronError('timezone', `there is no time zone “${timezone}”`, 'Write it like “Europe/Berlin”.');
  }
}
