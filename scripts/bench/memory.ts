/** Memory of a server with all its processes. */
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import { promisify } from 'node:util';
import { listProcesses } from '../../daemon/processes/table.ts';

const run = promisify(execFile);

/**
 * Resident memory of a process and its descendants, in MB. Where the system tells (Linux), pages that they share are
 * counted once.
 */
export async function residentMb(pid: number): Promise<number> {
  const pids = await descendants(pid);
  const kilobytes = process.platform === 'linux' ? linuxKilobytes(pids) : await otherKilobytes(pids);
  return kilobytes / 1024;
}

async function descendants(root: number): Promise<number[]> {
  const members = new Set([root]);
  const table = [...(await listProcesses()).values()];
  for (let grown = true; grown; ) {
    const found = table.filter(({ pid, parent }) => members.has(parent) && !members.has(pid));
    for (const { pid } of found) members.add(pid);
    grown = found.length > 0;
  }
  return [...members];
}

function linuxKilobytes(pids: readonly number[]): number {
  const parts = pids.flatMap(pid => {
    try {
      const text = fs.readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
      const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0);
      const shared = field('Shared_Clean') + field('Shared_Dirty');
      return [{ own: field('Rss') - shared, shared }];
    } catch {
      // It has ended meanwhile.
      return [];
    }
  });
  return parts.reduce((sum, { own }) => sum + own, 0) + Math.max(0, ...parts.map(({ shared }) => shared));
}

async function otherKilobytes(pids: readonly number[]): Promise<number> {
  if (process.platform === 'win32') {
    const query = `(Get-Process -Id ${pids.join(',')} | Measure-Object WorkingSet64 -Sum).Sum / 1KB`;
    const { stdout } = await run('powershell.exe', ['-NoProfile', '-NonInteractive', '-Command', query]);
    return Number(stdout);
  }
  const { stdout } = await run('ps', ['-o', 'rss=', '-p', pids.join(',')]);
  return stdout
    .trim()
    .split('\n')
    .reduce((sum, line) => sum + Number(line), 0);
}
