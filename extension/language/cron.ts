import { Cron } from 'croner';

/** The next times of a schedule, in words; none of one that cannot be read, which the diagnostics tell. */
export function nextTimes(cron: string, timezone: string | undefined, now: Date, count = 3): string[] {
  try {
    const words = new Intl.DateTimeFormat('en-GB', {
      weekday: 'long',
      day: 'numeric',
      month: 'long',
      hour: '2-digit',
      minute: '2-digit',
      ...(timezone !== undefined && { timeZone: timezone }),
    });
    const schedule = new Cron(cron, timezone === undefined ? {} : { timezone });
    return schedule.nextRuns(count, now).map(time => words.format(time));
  } catch {
    return [];
  }
}
