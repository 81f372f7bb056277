/**
 * Bundles everything into dist/ (`npm run build`, `--watch` to go on). A second build of unchanged sources does nothing.
 *
 * dist/extension.cjs        the extension host's half, and what of it is read when it is needed (extension-later.cjs)
 * dist/cli.mjs              the `modelthat` command
 * dist/daemon/*.mjs, *.py   the daemon and the programs it starts
 * dist/daemon/python/       the Python package that steps can import
 * dist/webviews/<page>.*    one bundle per page
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { type BuildOptions, build, context } from 'esbuild';
import { builtinModules, importedLater, oneEditorApi, withoutUnused } from './bundling.ts';

const root = path.resolve(import.meta.dirname, '..');
const dist = path.join(root, 'dist');
const sources = [
  'extension',
  'daemon',
  'webviews',
  'schemas',
  'python',
  'scripts/build.ts',
  'scripts/bundling.ts',
  'package.json',
  'package-lock.json',
];

/** Native packages stay outside the bundles: their binaries are found beside them. */
export const nativePackages = ['better-sqlite3', 'onnxruntime-node'];

/** Packages that start files of their own, which a bundle would not have. */
export const threadedPackages = ['piscina'];

/**
 * Programs of the daemon that start in a thread or process of their own. Those of a group share files: each file that a
 * program consists of takes time when it starts.
 */
const daemonPrograms = [
  ['daemon/main.ts'],
  ['daemon/database/writer-thread.ts', 'daemon/database/reader-thread.ts'],
  [
    'daemon/offline.ts',
    'daemon/archive/import-thread.ts',
    'daemon/pipelines/dvc/dvc-thread.ts',
    'daemon/pipelines/inputs/files-thread.ts',
    'daemon/reproduction/compare-thread.ts',
    'daemon/serving/runtimes/onnx-process.ts',
  ],
  ['daemon/mcp/mcp-bridge.ts'],
];

/** Python programs that the daemon starts. */
const pythonPrograms = [
  'daemon/archive/aim/aim_export.py',
  'daemon/evaluation/evaluation_metrics.py',
  'daemon/evaluation/evaluation_process.py',
  'daemon/serving/runtimes/pyfunc_process.py',
];

/** The Python package that steps can import, with what announces its plugins to MLflow, and where the daemon has it. */
const pythonPackage = {
  from: 'python/modelthat/src',
  to: 'dist/daemon/python',
  files: [
    'modelthat/__init__.py',
    'modelthat/mlflow_plugin.py',
    'modelthat/py.typed',
    'modelthat-0.1.0.dist-info/METADATA',
    'modelthat-0.1.0.dist-info/entry_points.txt',
  ],
};

const existing = (files: readonly string[]) => files.filter(file => fs.existsSync(path.join(root, file)));

const shared: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  sourcemap: 'linked',
  minify: true,
  metafile: true,
  logLevel: 'warning',
  legalComments: 'none',
};

const node: BuildOptions = {
  ...shared,
  platform: 'node',
  target: 'node22',
  format: 'esm',
  outExtension: { '.js': '.mjs' },
  external: [...nativePackages, ...threadedPackages],
  // CommonJS packages inside an ES module bundle still ask for `require`.
  banner: {
    js: "const require = process.getBuiltinModule('node:module').createRequire(import.meta.url);",
  },
};

const extension: BuildOptions = {
  ...shared,
  platform: 'node',
  target: 'node22',
  format: 'cjs',
  external: ['vscode', ...nativePackages],
};

function bundles(): BuildOptions[] {
  const later = importedLater(root, ['extension', 'daemon/client'], 'extension-later.cjs');
  const pages = fs.existsSync(path.join(root, 'webviews'))
    ? fs
        .globSync('webviews/*/main.ts', { cwd: root })
        .map(file => ({ in: file, out: path.basename(path.dirname(file)) }))
    : [];
  const programs = daemonPrograms.map(group =>
    existing(group).map(file => ({ in: file, out: path.basename(file, '.ts') })),
  );
  const all: BuildOptions[] = [
    {
      ...extension,
      entryPoints: existing(['extension/extension.ts']),
      outfile: 'dist/extension.cjs',
      plugins: [later.plugin, oneEditorApi, builtinModules],
    },
    {
      ...extension,
      stdin: { contents: later.entry, resolveDir: root },
      outfile: 'dist/extension-later.cjs',
      plugins: [builtinModules],
    },
    {
      ...node,
      entryPoints: existing(['daemon/cli/main.ts']),
      outfile: 'dist/cli.mjs',
      banner: { js: `#!/usr/bin/env node\n${node.banner?.js ?? ''}` },
    },
    // What is not needed to answer the first request is in files of its own, and loaded later or never.
    ...programs.map(entryPoints => ({
      ...node,
      entryPoints,
      outdir: 'dist/daemon',
      splitting: true,
      plugins: [withoutUnused, builtinModules],
    })),
    {
      ...shared,
      entryPoints: pages,
      outdir: 'dist/webviews',
      platform: 'browser',
      target: 'chrome130',
      format: 'esm',
      loader: { '.ttf': 'file' },
    },
  ];
  return all.filter(
    ({ entryPoints, stdin }) => stdin || (Array.isArray(entryPoints) && entryPoints.length > 0),
  );
}

function copyPythonPrograms(): void {
  for (const file of existing(pythonPrograms)) {
    fs.cpSync(path.join(root, file), path.join(dist, 'daemon', path.basename(file)));
  }
  const { from, to, files } = pythonPackage;
  for (const name of files) fs.cpSync(path.join(root, from, name), path.join(root, to, name));
}

function sourceHash(): string {
  const hash = createHash('sha256');
  for (const source of existing(sources)) {
    const place = path.join(root, source);
    const files = fs.statSync(place).isDirectory()
      ? fs
          .globSync('**/*.*', { cwd: place, exclude: ['**/__pycache__/**'] })
          .sort()
          .map(file => path.join(place, file))
      : [place];
    for (const file of files)
      if (fs.statSync(file).isFile()) hash.update(path.relative(root, file)).update(fs.readFileSync(file));
  }
  return hash.digest('hex');
}

/** Names the npm packages whose code is in the bundles, for the list of what a package contains. */
export const bundledPackagesFile = path.join(dist, '.packages.json');

/** Folders of the packages that these files belong to, relative to the root. */
function packagesOf(inputs: readonly string[]): string[] {
  const folders = inputs.flatMap(input => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input) ?? []);
  return [...new Set(folders)].sort();
}

/** Builds what is not built yet. @returns whether anything was built */
export async function buildAll(): Promise<boolean> {
  const stamp = path.join(dist, '.sources');
  const hash = sourceHash();
  if (fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === hash) return false;
  fs.rmSync(dist, { recursive: true, force: true });
  const results = await Promise.all(bundles().map(options => build(options)));
  copyPythonPrograms();
  fs.mkdirSync(dist, { recursive: true });
  const inputs = results.flatMap(result => Object.keys(result.metafile?.inputs ?? {}));
  fs.writeFileSync(bundledPackagesFile, JSON.stringify(packagesOf(inputs)));
  fs.writeFileSync(stamp, hash);
  return true;
}

async function watch(): Promise<void> {
  await Promise.all(bundles().map(async options => (await context(options)).watch()));
  copyPythonPrograms();
  console.log('watching');
}

if (import.meta.main) {
  if (process.argv.includes('--watch')) await watch();
  else console.log((await buildAll()) ? 'built dist/' : 'dist/ is up to date');
}
