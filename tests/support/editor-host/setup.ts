/**
 * Installs the browser-hosted editor: VS Code's server from the npm package code-server, and a headless Chromium from
 * @sparticuz/chromium. Needs npm alone: no system package, no compiler, no browser.
 *
 * Run it as a program, or call `ensureEditorHost` from a script; either costs nothing once it has been done.
 */

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress } from 'node:zlib';

const ROOT = import.meta.dirname;
const NODE_MODULES = path.join(ROOT, 'node_modules');
const PACKED_CHROMIUM = path.join(NODE_MODULES, '@sparticuz/chromium/bin');
/** Lies in node_modules, so that `npm ci` removes it together with what it vouches for. */
const STAMP = path.join(NODE_MODULES, '.editor-host');

/** Folder of VS Code's server. */
export const VSCODE_SERVER = path.join(NODE_MODULES, 'code-server/lib/vscode');
/** Folder into which Chromium is unpacked. */
export const CHROMIUM = path.join(NODE_MODULES, '.chromium');

/** Whether this platform has the browser-hosted editor. */
export function editorHostRuns(): boolean {
  return process.platform === 'linux' && process.arch === 'x64';
}

/**
 * Makes the browser-hosted editor ready to start.
 *
 * @param log receives one line before each slow step
 * @throws Error when this platform has no such editor, or when a step fails
 */
export async function ensureEditorHost(log: (line: string) => void = console.log): Promise<void> {
  if (!editorHostRuns()) {
    throw new Error(
      `The browser-hosted editor runs on Linux x64, not on ${process.platform} ${process.arch}; use the desktop editor.`,
    );
  }
  const wanted = await fingerprint();
  if ((await readFile(STAMP, 'utf8').catch(() => '')) === wanted) return;
  log('Installing the browser-hosted editor (from the npm registry; 630 MB on disk)');
  await run('npm', ['ci', '--loglevel=error']);
  await linkBrowserModules();
  await unpackChromium();
  await writeFile(STAMP, wanted);
}

/** Hash of everything that decides what an installation contains. */
async function fingerprint(): Promise<string> {
  const hash = createHash('sha256');
  for (const file of [
    'package-lock.json',
    'setup.ts',
    'stubs/spdlog/index.js',
    'stubs/native-watchdog/index.js',
  ]) {
    hash.update(await readFile(path.join(ROOT, file)));
  }
  return hash.digest('hex');
}

/** The browser half of VS Code is served from the server's own node_modules, which npm has put one level higher. */
async function linkBrowserModules(): Promise<void> {
  const link = path.join(VSCODE_SERVER, 'node_modules');
  await symlink(path.relative(VSCODE_SERVER, NODE_MODULES), link, 'dir');
}

/** Chromium, its libraries, its software renderer and a font lie brotli-compressed in the npm package. */
async function unpackChromium(): Promise<void> {
  await mkdir(CHROMIUM, { recursive: true });
  await Promise.all([
    unpack('chromium.br', createWriteStream(path.join(CHROMIUM, 'chromium'), { mode: 0o755 })),
    ...['al2023.tar.br', 'fonts.tar.br', 'swiftshader.tar.br'].map(extract),
  ]);
  await writeFile(path.join(CHROMIUM, 'fonts.conf'), fontConfiguration());
}

function unpack(file: string, target: NodeJS.WritableStream): Promise<void> {
  return pipeline(createReadStream(path.join(PACKED_CHROMIUM, file)), createBrotliDecompress(), target);
}

/** By way of a file: tar closes a pipe as soon as it has seen the archive's end, which breaks what still writes to it. */
async function extract(archive: string): Promise<void> {
  const file = path.join(CHROMIUM, path.basename(archive, '.br'));
  await unpack(archive, createWriteStream(file));
  await run('tar', ['-x', '-f', file, '-C', CHROMIUM]);
  await rm(file);
}

/** Replaces the packaged file, whose folders are elsewhere: without a font Chromium aborts as soon as it paints. */
function fontConfiguration(): string {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${CHROMIUM}/fonts</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>${CHROMIUM}/fonts-cache</cachedir>
</fontconfig>
`;
}

async function run(command: string, args: string[]): Promise<void> {
  const child = spawn(command, args, { cwd: ROOT, stdio: 'inherit' });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} failed in ${ROOT}: exit code ${code}`);
}

if (process.argv[1] === import.meta.filename) await ensureEditorHost();
