/** Another user of the machine, who tries over and over to read what a daemon makes: a program of its own, started as root. */
import fs from 'node:fs';
import path from 'node:path';

/** The user `nobody`. */
const NOBODY = 65_534;

/** Where to look. */
export interface Target {
  /** A file that everybody may read: to show that the reader looks. */
  readonly control: string;
  /** A folder that everybody may list. */
  readonly folder: string;
  /** Files and folders that will be there. */
  readonly paths: readonly string[];
}

/** What was got at since the last report. */
export interface Findings {
  readonly read: string[];
  /** Folders that could be listed. */
  readonly entered: string[];
  /** How often the control was read. */
  control: number;
}

process.setgroups?.([]);
process.setgid?.(NOBODY);
process.setuid?.(NOBODY);

let target: Target | undefined;
let findings: Findings = nothing();

process.on('message', (message: Target | 'report') => {
  process.send?.(findings);
  findings = nothing();
  target = message === 'report' ? undefined : message;
  if (target) look();
});

/** Goes round all paths, and again after whoever else has something to do. */
function look(): void {
  if (!target) return;
  const { control, folder, paths } = target;
  if (canRead(control)) findings.control += 1;
  for (const name of paths) lookAt(name);
  // Temporary names cannot be known, but they lie in folders that could.
  for (const name of listing(folder)) if (name !== path.basename(control)) lookBelow(path.join(folder, name));
  setImmediate(look);
}

function lookBelow(name: string): void {
  for (const below of listing(name)) lookAt(path.join(name, below));
}

function lookAt(name: string): void {
  if (canRead(name)) findings.read.push(name);
  for (const below of listing(name)) {
    findings.entered.push(name);
    if (canRead(path.join(name, below))) findings.read.push(path.join(name, below));
  }
}

function canRead(file: string): boolean {
  try {
    const handle = fs.openSync(file, 'r');
    const isFile = fs.fstatSync(handle).isFile();
    fs.closeSync(handle);
    return isFile;
  } catch {
    return false;
  }
}

function listing(folder: string): string[] {
  try {
    return fs.readdirSync(folder);
  } catch {
    return [];
  }
}

function nothing(): Findings {
  return { read: [], entered: [], control: 0 };
}
