/**
 * Writes the generated blocks of package.json (`contributes`, `activationEvents`, `capabilities`) from the declarations
 * in extension/contributes. With `--check` it changes nothing and fails when they differ.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { manifest } from '../extension/contributes/manifest.ts';

const file = path.resolve(import.meta.dirname, '../package.json');
const current: Record<string, unknown> = JSON.parse(readFileSync(file, 'utf8'));
const generated = manifest();
const wanted = { ...current, ...generated };

if (!process.argv.includes('--check')) {
  writeFileSync(file, `${JSON.stringify(wanted, null, 2)}\n`);
} else if (!isDeepStrictEqual(current, wanted)) {
  console.error('package.json differs from extension/contributes; run `node scripts/contributes.ts`.');
  process.exitCode = 1;
}
