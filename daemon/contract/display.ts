/** How numbers and times are written for people: the same in terminals, trees and pages. */
import type { StepProgress, StepUsage } from './pipelines.ts';
import type { Double } from './values.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A metric's value with five significant digits: `0.093216`, `1.2e-7`, `NaN`. */
export function formatMetric(value: Double): string {
  const number = Number(value);
  return Number.isFinite(number) ? String(Number(number.toPrecision(5))) : String(number);
}

/** How far a value is from another, in percent: `−3.1 %`, `+12 %`; empty where that means nothing. */
export function formatChange(value: Double, from: Double): string {
  const change = (100 * (Number(value) - Number(from))) / Math.abs(Number(from));
  if (!Number.isFinite(change)) return '';
  const size = Number(Math.abs(change).toPrecision(2));
  if (size === 0) return '±0 %';
  return `${change < 0 ? '−' : '+'}${size} %`;
}

/** A duration in milliseconds, in the two largest units that matter: `840 ms`, `12.3 s`, `3 m 05 s`, `2 h 04 m`. */
export function formatDuration(ms: number): string {
  if (ms < SECOND) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < MINUTE) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} m ${twoDigits((ms % MINUTE) / SECOND)} s`;
  if (ms < DAY) return `${Math.floor(ms / HOUR)} h ${twoDigits((ms % HOUR) / MINUTE)} m`;
  return `${Math.floor(ms / DAY)} d ${Math.floor((ms % DAY) / HOUR)} h`;
}

/** How long ago `time` was: `just now`, `5 min ago`, `3 h ago`, `2 d ago`. Both in milliseconds since the epoch. */
export function formatAge(time: number, now: number): string {
  const age = now - time;
  if (age < MINUTE) return 'just now';
  if (age < HOUR) return `${Math.floor(age / MINUTE)} min ago`;
  if (age < DAY) return `${Math.floor(age / HOUR)} h ago`;
  return `${Math.floor(age / DAY)} d ago`;
}

/** A local date and time to the minute: `2026-11-25 14:05`. */
export function formatStamp(time: number): string {
  return new Date(time).toLocaleString('sv-SE').slice(0, 16);
}

/** A size in bytes: `812 B`, `14.2 kB`, `3.1 MB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1_000 ** power;
  return `${power === 0 ? value : value.toFixed(1)} ${units[power]}`;
}

/** How far something is: `40 % epoch 4 of 10`. */
export function formatProgress({ fraction, text }: StepProgress): string {
  const percent = fraction === null ? '' : `${Math.floor(fraction * 100)} %`;
  return [percent, text].filter(Boolean).join(' ');
}

/** What a step took of the machine: `12.3 s of CPU time, 310.0 MB of memory`. */
export function formatUsage({ cpuSeconds, peakMemory }: StepUsage): string {
  const memory = peakMemory === null ? '' : `${formatBytes(peakMemory)} of memory`;
  return [`${formatDuration(cpuSeconds * SECOND)} of CPU time`, memory].filter(Boolean).join(', ');
}

function twoDigits(value: number): string {
  return String(Math.floor(value)).padStart(2, '0');
}

/** Maps values onto a line from `start` to `end`; `low` and `high` are not finite where there are none. */
export function linearScale(values: readonly number[], start: number, end: number) {
  const [low, high] = values.reduce(
    ([least, most], value) => [Math.min(least, value), Math.max(most, value)] as const,
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY] as const,
  );
  const span = high > low ? high - low : 1;
  return { low, high, at: (value: number) => (start + ((value - low) / span) * (end - start)).toFixed(1) };
}
