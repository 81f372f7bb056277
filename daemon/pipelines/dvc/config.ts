/** A project's settings of DVC: `.dvc/config` and `.dvc/config.local`, and those of the user and of the machine. */
import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const LINKS = ['reflink', 'hardlink', 'symlink', 'copy'] as const;
export type LinkType = (typeof LINKS)[number];

/** How mappings become options of a command. */
export interface Parsing {
  /** Whether a false value is written: `--no-name`. */
  readonly bool: 'store_true' | 'boolean_optional';
  /** Whether the option is written once for a list, or once for each of its values. */
  readonly list: 'nargs' | 'append';
}

export interface DvcConfig {
  /** Absolute path of the cache. */
  readonly cache: string;
  /** How the workspace's files hang together with the cache's, the best first. */
  readonly links: readonly LinkType[];
  /** Whether a group of users shares the cache. */
  readonly shared: boolean;
  /** Whether git has no say. */
  readonly noScm: boolean;
  /** Whether files that DVC writes are added to git's index. */
  readonly autostage: boolean;
  /** Whether DVC's lock is a hard link instead of one of the kernel. */
  readonly hardlinkLock: boolean;
  readonly parsing: Parsing;
}

/** @param root the project's folder */
export function readConfig(root: string, env: Readonly<NodeJS.ProcessEnv> = process.env): DvcConfig {
  const own = path.join(root, '.dvc');
  const levels = [
    ...[systemFolder(env), userFolder(env)].map(folder => path.join(folder, 'config')),
    ...['config', 'config.local'].map(name => path.join(own, name)),
  ];
  const settings = new Map(levels.flatMap(file => [...readSettings(file)]));
  const isOn = (name: string) => /^(true|yes|on|1)$/i.test(settings.get(name) ?? '');
  const links = (settings.get('cache.type') ?? '').split(/[\s,]+/).filter(isLink);
  return {
    cache: settings.get('cache.dir') ?? path.join(own, 'cache'),
    links: links.length > 0 ? links : ['reflink', 'copy'],
    shared: settings.get('cache.shared')?.toLowerCase() === 'group',
    noScm: isOn('core.no_scm'),
    autostage: isOn('core.autostage'),
    hardlinkLock: isOn('core.hardlink_lock'),
    parsing: {
      bool: settings.get('parsing.bool') === 'boolean_optional' ? 'boolean_optional' : 'store_true',
      list: settings.get('parsing.list') === 'append' ? 'append' : 'nargs',
    },
  };
}

function isLink(text: string): text is LinkType {
  return (LINKS as readonly string[]).includes(text);
}

/** `section.name` → value; a relative `cache.dir` is made absolute by the folder of the file. */
function readSettings(file: string): Map<string, string> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return new Map();
  }
  const settings = new Map<string, string>();
  let section = '';
  for (const line of text.split(/\r?\n/)) {
    const head = /^\s*\[\s*['"]?([^\]]*?)['"]?\s*\]/.exec(line)?.[1];
    if (head !== undefined) section = head.toLowerCase();
    const [, name, quoted, plain = ''] =
      /^\s*([\w-]+)\s*=\s*(?:(["'].*["'])|([^#]*?))\s*(?:#.*)?$/.exec(line) ?? [];
    if (name === undefined) continue;
    settings.set(`${section}.${name.toLowerCase()}`, quoted?.slice(1, -1) ?? plain);
  }
  const cache = settings.get('cache.dir');
  if (cache !== undefined) settings.set('cache.dir', path.resolve(path.dirname(file), withHome(cache)));
  return settings;
}

function withHome(place: string): string {
  return place.replace(/^~(?=[/\\]|$)/, () => os.homedir());
}

function userFolder(env: Readonly<NodeJS.ProcessEnv>): string {
  const home = os.homedir();
  if (env.DVC_GLOBAL_CONFIG_DIR) return env.DVC_GLOBAL_CONFIG_DIR;
  if (process.platform === 'win32')
    return path.join(env.LOCALAPPDATA ?? path.join(home, 'AppData', 'Local'), 'iterative', 'dvc');
  if (process.platform === 'darwin') return path.join(home, 'Library', 'Application Support', 'dvc');
  return path.join(env.XDG_CONFIG_HOME || path.join(home, '.config'), 'dvc');
}

function systemFolder(env: Readonly<NodeJS.ProcessEnv>): string {
  if (env.DVC_SYSTEM_CONFIG_DIR) return env.DVC_SYSTEM_CONFIG_DIR;
  if (process.platform === 'win32')
    return path.join(env.ProgramData ?? 'C:\\ProgramData', 'iterative', 'dvc');
  if (process.platform === 'darwin') return '/Library/Application Support/dvc';
  return path.join((env.XDG_CONFIG_DIRS || '/etc/xdg').split(':')[0] ?? '', 'dvc');
}
