/**
 * Runs MLflow's own test suites, unmodified, against a daemon (`npm run conformance:suites -- --source <folder>`).
 *
 * --source <folder>   MLflow's source tree, which is no part of this repository
 *
 * Further arguments go to pytest: `-k search`, `-x`.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { parse } from 'yaml';
import { startDaemon, type TestDaemon } from '../tests/support/daemon.ts';
import { ensurePythonEnvironment } from '../tests/support/python-environment.ts';

const folder = path.resolve(import.meta.dirname, '../tests/conformance/mlflow_suites');

/** The tree's own tests would take long to say so. */
const TEST_TIMEOUT_S = 60;

const { values, tokens } = parseArgs({
  options: { source: { type: 'string' } },
  strict: false,
  tokens: true,
});
const source = path.resolve(String(values.source ?? ''));
if (!existsSync(path.join(source, 'tests/tracking/integration_test_utils.py'))) {
  console.error("--source is missing: give the folder of MLflow's source tree, with its tests");
  process.exit(2);
}
process.exitCode = await run(source, pytestArguments());

/** All that is not ours, as it was given. */
function pytestArguments(): string[] {
  const given = process.argv.slice(2);
  const own = tokens.find(token => token.kind === 'option' && token.name === 'source');
  if (own?.kind !== 'option') return given;
  return given.toSpliced(own.index, own.inlineValue ? 1 : 2);
}

/** @returns pytest's exit code */
async function run(tree: string, more: readonly string[]): Promise<number> {
  const python = await ensurePythonEnvironment(path.join(folder, 'requirements.txt'));
  const daemon = await startDaemon({ args: ['--test-reset'] });
  const scratch = mkdtempSync(path.join(os.tmpdir(), 'modelthat-suites-'));
  try {
    const suites = (
      parse(readFileSync(path.join(folder, 'expectations.yaml'), 'utf8')) as { suites: string[] }
    ).suites;
    const { exitCode } = await execa(
      python,
      [
        ...['-m', 'pytest', '-p', 'plugin', '-p', 'no:cacheprovider', '-q', '--tb=short'],
        ...['--timeout', String(TEST_TIMEOUT_S), ...suites, ...more],
      ],
      { cwd: tree, env: environment(daemon, tree, scratch), stdio: 'inherit', reject: false },
    );
    return exitCode ?? 1;
  } finally {
    await daemon.dispose();
    rmSync(scratch, { recursive: true, force: true });
  }
}

function environment(daemon: TestDaemon, tree: string, scratch: string): Record<string, string> {
  return {
    MODELTHAT_URL: daemon.url,
    MODELTHAT_OWNER_TOKEN: daemon.secrets.owner,
    MODELTHAT_ARTIFACTS: path.join(daemon.place.store, 'artifacts'),
    NETRC: writeNetrc(daemon, scratch),
    // The tree's own client, and the plugin.
    PYTHONPATH: [tree, folder].join(path.delimiter),
    PYTHONDONTWRITEBYTECODE: '1',
    // Otherwise the suites build a wheel first.
    CI: 'false',
    MLFLOW_HTTP_REQUEST_MAX_RETRIES: '0',
    MLFLOW_DISABLE_TELEMETRY: 'true',
    GIT_PYTHON_REFRESH: 'quiet',
  };
}

/** The suites send requests of their own without a token: the library they use finds it here. */
function writeNetrc(daemon: TestDaemon, scratch: string): string {
  const file = path.join(scratch, 'netrc');
  const { hostname } = new URL(daemon.url);
  writeFileSync(file, `machine ${hostname} login modelthat password ${daemon.secrets.tracking}\n`, {
    mode: 0o600,
  });
  return file;
}
