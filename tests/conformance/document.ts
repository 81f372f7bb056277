/** Writes the list of intended differences into `docs/compatibility.md` (`node tests/conformance/document.ts`). */
import fs from 'node:fs';
import path from 'node:path';
import { DIFFERENCES } from './differences.ts';

export const COMPATIBILITY = path.resolve(import.meta.dirname, '../../docs/compatibility.md');

const BEGIN = '<!-- differences: written by tests/conformance/document.ts -->';
const END = '<!-- end of differences -->';

/** The page with the present list in its place. */
export function withDifferences(page: string): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin)
    throw new Error(`docs/compatibility.md has no place for the list: ${BEGIN} … ${END}`);
  const items = DIFFERENCES.map(({ what, why }) => `- **${what}** ${why}`);
  return `${page.slice(0, begin)}${BEGIN}\n${items.join('\n')}\n${page.slice(end)}`;
}

if (import.meta.main)
  fs.writeFileSync(COMPATIBILITY, withDifferences(fs.readFileSync(COMPATIBILITY, 'utf8')));
