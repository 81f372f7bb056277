/** Static checks (`npm run check`): types, lint and format, import rules. Prints one line a check; exit code 1 if any failed. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const bin = (name: string) => path.join(root, 'node_modules', '.bin', name);

/** Name and command of every static check. */
export const checks: readonly { name: string; command: readonly string[] }[] = [
  { name: 'types', command: [bin('tsc'), '-p', 'tsconfig.json'] },
  ...(existsSync(path.join(root, 'webviews'))
    ? [{ name: 'types of webviews', command: [bin('tsc'), '-p', 'tsconfig.webviews.json'] }]
    : []),
  { name: 'manifest', command: [process.execPath, path.join(root, 'scripts/contributes.ts'), '--check'] },
  { name: 'schemas', command: [process.execPath, path.join(root, 'scripts/schemas.ts'), '--check'] },
  { name: 'lint and format', command: [bin('biome'), 'check', '--error-on-warnings'] },
  {
    name: 'import rules',
    command: [
      bin('depcruise'),
      '--config',
      '.dependency-cruiser.cjs',
      ...['daemon', 'extension', 'webviews', 'scripts'].filter(folder => existsSync(path.join(root, folder))),
    ],
  },
];

/** Runs one check with its output shown. @returns whether it passed */
export function runCheck(check: (typeof checks)[number]): boolean {
  const [program = '', ...args] = check.command;
  return (
    spawnSync(program, args, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' }).status ===
    0
  );
}

if (import.meta.main) {
  const failed = checks.filter(check => {
    const passed = runCheck(check);
    console.log(`${passed ? 'ok  ' : 'FAIL'} ${check.name}`);
    return !passed;
  });
  process.exitCode = failed.length > 0 ? 1 : 0;
}
