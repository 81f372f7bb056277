// Runs under whatever Node is there (20 or newer): installs the dependencies when they changed, then hands over to the
// Node that the project brings along. Usage: node scripts/bootstrap.mjs <script> [arguments]
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const modules = path.join(root, 'node_modules');
const stampFile = path.join(modules, '.modelthat-installed');
const windows = process.platform === 'win32';
const projectNode = path.join(modules, 'node', 'bin', windows ? 'node.exe' : 'node');

const [major] = process.versions.node.split('.').map(Number);
if (major < 20)
  fail(`Node ${process.versions.node} is too old`, 'install Node 20 or newer (https://nodejs.org)');

installDependencies();
const [script, ...rest] = process.argv.slice(2);
if (script) runScript(script, rest);

/** `npm ci`, once per lockfile, platform and Node ABI. A linked node_modules is left to the checkout that it is part of:
 * `npm ci` would empty it there. */
function installDependencies() {
  if (lstatSync(modules, { throwIfNoEntry: false })?.isSymbolicLink() && existsSync(projectNode)) return;
  const stamp = createHash('sha256')
    .update(readFileSync(path.join(root, 'package-lock.json')))
    .update(`${process.platform}-${process.arch}`)
    .digest('hex');
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp && existsSync(projectNode)) return;
  say('installing dependencies (npm ci, about a minute the first time)');
  const result = spawnSync(
    windows ? 'npm.cmd' : 'npm',
    ['ci', '--no-audit', '--no-fund', '--loglevel=error'],
    {
      cwd: root,
      stdio: 'inherit',
      shell: windows,
      env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip' },
    },
  );
  if (result.error || result.status !== 0) {
    fail(
      'npm ci failed',
      'read its message above; it needs to reach an npm registry (npm config get registry)',
    );
  }
  if (!existsSync(projectNode))
    fail('the project’s own Node is missing', 'delete node_modules and try again');
  writeFileSync(stampFile, stamp);
}

function runScript(script, args) {
  const result = spawnSync(projectNode, [path.resolve(root, script), ...args], {
    stdio: 'inherit',
    env: { ...process.env, PATH: `${path.join(modules, '.bin')}${path.delimiter}${process.env.PATH ?? ''}` },
  });
  if (result.error)
    fail(`cannot run ${script}: ${result.error.message}`, 'delete node_modules and try again');
  process.exit(result.status ?? 1);
}

function say(text) {
  console.error(`modelthat: ${text}`);
}

function fail(what, remedy) {
  console.error(`modelthat: ${what}\n  remedy: ${remedy}`);
  process.exit(1);
}
