import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { compareVersions } from '../../daemon/client/start.ts';

const root = path.resolve(import.meta.dirname, '../..');

/** Each with its own lockfile. */
const PROJECTS = ['.', 'tests/support/editor-host'];

/** Oldest versions without a known hole that concerns us; a package that is not there is the best version. */
const FLOORS: Record<string, string> = { tar: '7.5.19', 'js-yaml': '4.2.0' };
const ABSENT = ['extract-zip'];
const SQLITE_FLOOR = '3.51.3';
const NODE_FLOOR = '20.15.1';

interface LockedPackage {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly optional?: boolean;
  readonly hasInstallScript?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly libc?: readonly string[];
}

function readJson(file: string): Record<string, unknown> {
  return JSON.parse(fs.readFileSync(path.join(root, file), 'utf8'));
}

/** What a lockfile installs, by the name of each package; the project's own folders are left out. */
function locked(project: string): [name: string, LockedPackage][] {
  const { packages } = readJson(path.join(project, 'package-lock.json'));
  return Object.entries(packages as Record<string, LockedPackage>)
    .filter(([folder, entry]) => folder.includes('node_modules/') && !entry.link)
    .map(([folder, entry]) => [
      folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length),
      entry,
    ]);
}

/** Our own source files. */
function sources(...folders: string[]): string[] {
  return folders.flatMap(folder =>
    fs.globSync(`${folder}/**/*.{ts,mjs,py}`, { cwd: root, exclude: file => file.includes('node_modules') }),
  );
}

describe('the supply chain', () => {
  for (const project of PROJECTS) {
    describe(`of ${project}`, () => {
      it('pins the content of every package that can be installed', () => {
        const unpinned = locked(project)
          .filter(([, entry]) => entry.integrity === undefined && !isOfAnotherPlatform(entry))
          .map(([name]) => name);
        assert.deepEqual(unpinned, []);
      });

      it('names no registry, so that each user’s own is asked', () => {
        const named = locked(project).filter(([, entry]) => entry.resolved?.startsWith('http'));
        assert.deepEqual(named, []);
      });

      it('has no package with a known hole', () => {
        for (const [name, { version = '' }] of locked(project)) {
          assert.ok(!ABSENT.includes(name), `${name} is there`);
          const floor = FLOORS[name];
          if (floor)
            assert.ok(compareVersions(version, floor) >= 0, `${name} ${version} is older than ${floor}`);
        }
      });
    });
  }

  it('says of every package with an install script whether it may run', () => {
    const allowed = Object.keys(readJson('package.json').allowScripts as object).map(name =>
      name.replace(/(?<=.)@[^@/]*$/, ''),
    );
    const scripts = locked('.').filter(([, entry]) => entry.hasInstallScript);
    const undecided = scripts.map(([name]) => name).filter(name => !allowed.includes(name));
    assert.deepEqual(undecided, []);
    assert.match(
      fs.readFileSync(path.join(root, 'tests/support/editor-host/.npmrc'), 'utf8'),
      /ignore-scripts=true/,
    );
  });

  it('runs on an SQLite and a Node without known holes', () => {
    const database = new Database(':memory:');
    const { version } = database.prepare('SELECT sqlite_version() AS version').get() as { version: string };
    database.close();
    assert.ok(compareVersions(version, SQLITE_FLOOR) >= 0, version);
    assert.ok(compareVersions(process.versions.node, NODE_FLOOR) >= 0, process.versions.node);
  });

  it('builds no shell commands and evaluates no text', () => {
    const forbidden =
      /\bshell:\s*true|\bexec(Sync)?\b[^;]*from 'node:child_process'|\beval\(|new Function\(|\bexecaCommand|\bos\.system\(/;
    const found = sources('daemon', 'extension', 'webviews').filter(file =>
      forbidden.test(fs.readFileSync(path.join(root, file), 'utf8')),
    );
    assert.deepEqual(found, []);
  });

  it('loads no pickled object in the daemon’s own programs', () => {
    const loaders = /\b(pickle|cloudpickle|joblib|dill)\b|torch\.load/;
    const found = sources('daemon').filter(file =>
      loaders.test(fs.readFileSync(path.join(root, file), 'utf8')),
    );
    assert.deepEqual(found, []);
  });
});

/** npm never fetches such a package here, so that whoever wrote the lockfile could not pin it. */
function isOfAnotherPlatform({ optional, os, cpu, libc }: LockedPackage): boolean {
  const fits = (allowed: readonly string[] | undefined, own: string) => allowed?.includes(own) ?? true;
  // Lockfiles are written on Linux with glibc.
  const here = fits(os, 'linux') && fits(cpu, 'x64') && fits(libc, 'glibc');
  return optional === true && !here;
}
