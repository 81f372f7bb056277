import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Environments } from '../../../daemon/environments/service.ts';

/**
 * conda cannot be had from the registries that tests may use. A stand-in is called as conda is, asks what conda asks
 * unless it is told to answer yes, and leaves the records that conda leaves.
 */
const STAND_IN = `#!/bin/sh
echo "$0 $*" >> "$(dirname "$0")/calls"
[ "$CONDA_ALWAYS_YES$MAMBA_ALWAYS_YES" = truetrue ] || { echo "Proceed ([y]/n)?"; exit 1; }
while [ $# -gt 0 ]; do
  case "$1" in
    --prefix) prefix=$2; shift ;;
    --file) file=$2; shift ;;
  esac
  shift
done
grep -q python "$file" || { echo "ResolvePackageNotFound: nonsense" >&2; exit 1; }
mkdir -p "$prefix/conda-meta" "$prefix/bin"
echo '{"name": "zlib", "url": "https://example.org/zlib-1.conda", "md5": "12"}' > "$prefix/conda-meta/zlib-1.json"
echo '{"name": "python", "url": "https://example.org/python-3.11.conda"}' > "$prefix/conda-meta/python-3.11.json"
printf '#!/bin/sh\\necho "numpy @ file:///build/numpy"\\necho "mlflow==3.0"\\n' > "$prefix/bin/python"
chmod +x "$prefix/bin/python"
`;

describe('Python environments by environment.yml', () => {
  const originalPath = process.env.PATH ?? '';
  let scratch: string;
  let requirements: string;

  beforeEach(() => {
    scratch = realpathSync(mkdtempSync(path.join(tmpdir(), 'modelthat-conda-')));
    for (const folder of ['environments', 'bin', 'home']) mkdirSync(path.join(scratch, folder));
    process.env.PATH = `${path.join(scratch, 'bin')}:/usr/bin:/bin`;
    requirements = path.join(scratch, 'environment.yml');
    writeFileSync(requirements, 'dependencies: [python=3.11]\n');
  });
  afterEach(() => {
    process.env.PATH = originalPath;
    rmSync(scratch, { recursive: true });
  });

  function standIn(name: string): void {
    const file = path.join(scratch, 'bin', name);
    writeFileSync(file, STAND_IN);
    chmodSync(file, 0o755);
  }

  function ensure() {
    const folder = path.join(scratch, 'environments');
    const environments = new Environments({ folder, workspace: scratch, chosen: undefined });
    return environments.ensure({ requirements, line: () => {}, signal: new AbortController().signal });
  }

  const calls = () =>
    readFileSync(path.join(scratch, 'bin', 'calls'), 'utf8')
      .trim()
      .split('\n')
      .map(line => line.replace(/\S*\//g, ''));

  it('are made once, with the addresses of all packages as their lock', async () => {
    standIn('conda');
    const made = await ensure();
    assert.equal(
      made.lock,
      [
        '@EXPLICIT',
        'https://example.org/python-3.11.conda',
        'https://example.org/zlib-1.conda#12',
        '# pip: mlflow==3.0',
        '',
      ].join('\n'),
    );
    assert.equal(made.bin, path.join(made.root, 'bin'));
    assert.deepEqual(await ensure(), made);
    assert.match(calls().join(), /^conda env create --prefix [0-9a-f-]+ --file environment.yml$/);
    writeFileSync(requirements, 'dependencies: [python=3.12]\n');
    assert.notEqual((await ensure()).root, made.root);
  });

  it('are made by micromamba where that is, too', async () => {
    standIn('conda');
    standIn('micromamba');
    await ensure();
    assert.match(calls().join(), /^micromamba create --prefix [0-9a-f-]+ --file environment.yml$/);
  });

  it('say what went wrong', async () => {
    await assert.rejects(ensure(), /conda, mamba or micromamba is needed for .*environment.yml/);
    standIn('conda');
    writeFileSync(requirements, 'dependencies: [nonsense]\n');
    await assert.rejects(ensure(), /conda env create failed:.*ResolvePackageNotFound: nonsense/s);
  });
});
