/** Pythons for imports of Aim stores: one that plays back what the real package read, and one that has the package. */
import fs from 'node:fs';
import path from 'node:path';
import { ensurePythonEnvironment } from './python-environment.ts';

const requirements = path.resolve(import.meta.dirname, '../python/requirements-aim.txt');

/** Whether the real package is to be installed: it takes 390 MB. */
export const REAL_AIM = process.env.MODELTHAT_TEST_AIM === '1';

/** A Python with Aim, installed when it is asked for first. */
export function pythonWithAim(): Promise<string> {
  return ensurePythonEnvironment(requirements);
}

/**
 * Makes a program that tells of itself what a Python would, and does the work of aim_export.py by a script.
 *
 * @param file where it is put
 * @param script body of a Node program; `repository` and `out` are the paths that it gets
 * @returns the path
 */
export function writeFakePython(file: string, script: string): string {
  const about = {
    ...{ executable: file, version: [3, 11, 0], platform: 'test', implementation: 'CPython' },
    canMakeEnvironments: true,
  };
  const source = `#!${process.execPath}
    const fs = require('node:fs');
    const path = require('node:path');
    if (process.argv.includes('-c')) console.log(${JSON.stringify(JSON.stringify(about))});
    else {
      const [program, repository, out] = process.argv.slice(2);
      ${script}
    }`;
  fs.writeFileSync(file, source, { mode: 0o700 });
  return file;
}
