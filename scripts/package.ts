/**
 * Makes the extension's VSIX for the platform this runs on (`npm run package`).
 *
 * What goes in is copied to a folder of its own, from the lists below and from nowhere else; then the folder is checked
 * and packed. The daemon's folder in it is complete, native packages included, so that it can be copied and run anywhere.
 */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createVSIX } from '@vscode/vsce';
import { buildAll } from './build.ts';
import { describeContents } from './package-contents.ts';

const root = path.resolve(import.meta.dirname, '..');
const MAX_BYTES = 25 * 1024 * 1024;
const MEGABYTE = 1024 * 1024;

const { platform, arch } = process;
const target = `${platform}-${arch}`;

/** Files of the repository that are packed where they are; `*.map` never is. */
const OWN_FILES = [
  'README.md',
  'CHANGELOG.md',
  'LICENSE',
  'schemas/*.json',
  'examples/first-steps/*',
  'media/*.svg',
  'media/icon.png',
  'media/walkthrough/*.svg',
  'dist/extension{,-later}.cjs',
  'dist/cli.mjs',
  'dist/daemon/*.{mjs,py}',
  'dist/daemon/python/modelthat/*',
  'dist/daemon/python/modelthat-0.1.0.dist-info/*',
  'dist/webviews/*.{js,css,ttf}',
];

/** What the packages outside the bundles need at run time, on this platform alone. */
const NATIVE_FILES = [
  'better-sqlite3/{package.json,LICENSE,lib/**/*.js}',
  `better-sqlite3/prebuilds/${target}.node`,
  'onnxruntime-node/{package.json,dist/*.js}',
  `onnxruntime-node/bin/napi-v6/${platform}/${arch}/*`,
  'piscina/{package.json,LICENSE,dist/**/*.js,dist/esm-wrapper.mjs}',
  'onnxruntime-common/{package.json,dist/cjs/**/*.{js,json}}',
];

/** Where the daemon finds them: beside itself. */
const NATIVE_FOLDER = 'dist/daemon/node_modules';

/** Fields of package.json that are about the repository, not about the extension. */
const REPOSITORY_FIELDS = ['private', 'scripts', 'devDependencies', 'dependencies', 'allowScripts', 'bin'];

/** Packs the VSIX. @returns its path */
export async function packageExtension(folder: string = root): Promise<string> {
  await buildAll();
  const stage = fs.mkdtempSync(path.join(os.tmpdir(), 'modelthat-package-'));
  try {
    fillStage(stage);
    checkStage(stage);
    const { version } = readManifest();
    const packagePath = path.join(folder, `modelthat-${target}-${version}.vsix`);
    fs.rmSync(packagePath, { force: true });
    // Same sources, same bytes: entries are dated by the commit.
    process.env.SOURCE_DATE_EPOCH ??= commitTime();
    await createVSIX({ cwd: stage, packagePath, target, dependencies: false, allowMissingRepository: true });
    return packagePath;
  } finally {
    fs.rmSync(stage, { recursive: true, force: true });
  }
}

function fillStage(stage: string): void {
  copy(root, OWN_FILES, stage);
  copy(path.join(root, 'node_modules'), NATIVE_FILES, path.join(stage, NATIVE_FOLDER));
  const kept = Object.entries(readManifest()).filter(([field]) => !REPOSITORY_FIELDS.includes(field));
  fs.writeFileSync(
    path.join(stage, 'package.json'),
    `${JSON.stringify(Object.fromEntries(kept), null, 2)}\n`,
  );
  for (const page of ['README.md', 'CHANGELOG.md']) unlink(path.join(stage, page));
  // The stage is the list: nothing in it is to be left out.
  fs.writeFileSync(path.join(stage, '.vscodeignore'), '');
  const { sbom, notices } = describeContents();
  fs.writeFileSync(path.join(stage, 'sbom.json'), sbom);
  fs.writeFileSync(path.join(stage, 'THIRD-PARTY-NOTICES.txt'), notices);
}

/** Takes pictures of and links to files of the repository out of a page: in the editor they would lead nowhere. */
function unlink(page: string): void {
  const text = fs.readFileSync(page, 'utf8');
  const words = text
    .replaceAll(/!\[[^\]]*\]\((?!https?:)[^)]+\)\n*/g, '')
    .replaceAll(/\[([^\]]+)\]\((?!https?:)[^)]+\)/g, '$1');
  fs.writeFileSync(page, words);
}

function copy(from: string, patterns: readonly string[], to: string): void {
  for (const pattern of patterns) {
    const files = fs
      .globSync(pattern, { cwd: from })
      .filter(file => !file.endsWith('.map') && fs.statSync(path.join(from, file)).isFile());
    for (const file of files) fs.cpSync(path.join(from, file), path.join(to, file));
  }
}

function readManifest(): Record<string, unknown> & { readonly version: string } {
  return JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));
}

/** @throws Error when something that must be there is not, or a path of this machine has slipped in */
function checkStage(stage: string): void {
  const needed = [
    'README.md',
    'LICENSE',
    'dist/extension.cjs',
    'dist/extension-later.cjs',
    'dist/cli.mjs',
    'dist/daemon/main.mjs',
    'dist/daemon/aim_export.py',
    'dist/daemon/evaluation_metrics.py',
    'dist/daemon/evaluation_process.py',
    'dist/daemon/pyfunc_process.py',
    'dist/daemon/python/modelthat/__init__.py',
    'dist/daemon/python/modelthat-0.1.0.dist-info/entry_points.txt',
    `${NATIVE_FOLDER}/better-sqlite3/prebuilds/${target}.node`,
    `${NATIVE_FOLDER}/onnxruntime-node/bin/napi-v6/${platform}/${arch}/onnxruntime_binding.node`,
  ];
  const absent = needed.filter(file => !fs.existsSync(path.join(stage, file)));
  if (absent.length > 0) throw new Error(`The package for ${target} would lack ${absent.join(', ')}.`);
  const own = [root, os.homedir()].filter(folder => folder.length > '/root'.length);
  for (const file of fs.globSync('**/*.{cjs,mjs,js,json,py,css,md,txt}', { cwd: stage })) {
    const text = fs.readFileSync(path.join(stage, file), 'utf8');
    const leak = own.find(folder => text.includes(folder));
    if (leak) throw new Error(`${file} names ${leak}, a folder of this machine.`);
  }
}

function commitTime(): string {
  return execFileSync('git', ['log', '-1', '--format=%ct'], { cwd: root, encoding: 'utf8' }).trim();
}

if (import.meta.main) {
  const file = await packageExtension();
  const { size } = fs.statSync(file);
  console.log(`${path.basename(file)}: ${(size / MEGABYTE).toFixed(1)} MB`);
  if (size > MAX_BYTES) throw new Error(`The package is larger than ${MAX_BYTES / MEGABYTE} MB.`);
}
