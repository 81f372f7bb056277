/** How far a step is, as its code reports it, or as a progress bar in its output shows. */
import { stripVTControlCharacters } from 'node:util';
import type { StepProgress } from '../contract/pipelines.ts';
import type { StepFiles } from './files.ts';
import type { HiddenWords } from './hiding.ts';
import { readEnd } from './logs.ts';

const REPORT_BYTES = 1_000;
/** Wide terminals and long labels make long bars, and nested ones are drawn together. */
const OUTPUT_BYTES = 4_000;
const TEXT_LENGTH = 200;

/** tqdm's: `label:  40%|████      | 4/10 [00:01<00:02,  2.50it/s]`. */
const TQDM = /^(?<label>.*?):?\s*(?<percent>\d{1,3})%\|[^|]*\|\s*(?<counts>.*)$/;
const PERCENT = /(?<percent>\d{1,3}(?:\.\d+)?)\s?%/;

/** @param words what is not to be shown. @returns null when nothing is known */
export function readProgress(
  { progress, log }: Pick<StepFiles, 'progress' | 'log'>,
  words: HiddenWords,
): StepProgress | null {
  const report = parseReport(readEnd(progress, REPORT_BYTES, words));
  return report ?? parseOutput(readEnd(log, OUTPUT_BYTES, words));
}

/** Reads what was reported: a fraction from 0 to 1, or `-` when that is not known, and a text. */
export function parseReport(text: string): StepProgress | null {
  const line = text.split('\n', 1)[0]?.trim() ?? '';
  if (line === '') return null;
  const [first = '', ...words] = line.split(' ');
  const fraction = first === '-' ? null : Number(first);
  if (fraction !== null && !(fraction >= 0 && fraction <= 1)) return { fraction: null, text: clean(line) };
  return { fraction, text: clean(words.join(' ')) };
}

/** Finds the progress bar that is being drawn at the end of some output. */
export function parseOutput(output: string): StepProgress | null {
  const plain = stripVTControlCharacters(output);
  const line = plain.slice(plain.lastIndexOf('\n') + 1);
  const drawn = line.split('\r').findLast(text => text.trim() !== '');
  if (drawn === undefined) return null;
  const bar = TQDM.exec(drawn)?.groups;
  if (bar) return { fraction: toFraction(bar.percent), text: clean([bar.label, bar.counts].join(' ')) };
  // A percentage in a line that is not drawn over may be anything.
  const percent = line.includes('\r') ? PERCENT.exec(drawn)?.groups?.percent : undefined;
  return percent === undefined ? null : { fraction: toFraction(percent), text: clean(drawn) };
}

function toFraction(percent = ''): number {
  return Math.min(1, Number(percent) / 100);
}

function clean(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    .slice(0, TEXT_LENGTH);
}
