/** I6: in a workspace that is not trusted nothing is run, and nothing that is run needs a network. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ensureDaemon } from '../../daemon/client/start.ts';
import { openPlace, STORE_FOLDER } from '../../daemon/client/store.ts';
import { openEditor } from '../support/editor.ts';
import { editorHostRuns } from '../support/editor-host/setup.ts';
import { BUILT_MAIN } from '../support/programs.ts';
import { type StartedProgram, straceObstacle, traceStarts } from '../support/strace.ts';
import { atLeast, type Check, exactly, none } from './check.ts';

const MANIFEST = path.resolve(import.meta.dirname, '../../package.json');
const PROBE = path.join(import.meta.dirname, 'probe-extension');
/** What the extension host runs of its own: parts of the editor, and what tells it which ports are open. */
const EDITORS_OWN =
  /editor-host\/node_modules\/|"-c", "(?:ls -l \/proc\/\[0-9\]\*\/fd\/\[0-9\]\* \| grep socket:|ps -F -A -l \| grep root)"/;
const REPORT_TIMEOUT_MS = 10 * 60_000;

export const untrustedWorkspace: Check = {
  id: 'I6',
  title: 'a workspace that is not trusted has nothing run',
  ordinary: [{ files: 'tests/extension/ui/trust.test.ts' }],
  trial: {
    // With a daemon that somebody has started, and without.
    counts: { full: 2, quick: 1 },
    obstacle: () =>
      editorHostRuns() ? straceObstacle() : 'the browser-hosted editor runs on Linux x64 only',
    run: async count => {
      const windows: Outcome[] = [];
      for (const withDaemon of [true, false].slice(0, count)) windows.push(await tryEverything(withDaemon));
      const sum = (of: (window: Outcome) => number) =>
        windows.reduce((total, window) => total + of(window), 0);
      const { commands, unrestricted } = manifest();
      return {
        'windows in which the extension was active': exactly(
          sum(window => (window.active ? 1 : 0)),
          count,
        ),
        'commands called': exactly(
          sum(window => window.commands),
          count * commands,
        ),
        'programs of the editor seen starting': atLeast(
          sum(window => window.expected),
          count,
        ),
        'other programs started by the extension or the daemon': none(sum(window => window.started.length)),
        'files made in the folder': none(sum(window => window.made.length)),
        'settings of a path or program that the folder could set': none(unrestricted.length),
      };
    },
  },
};

/** What came of one window. */
interface Outcome {
  readonly active: boolean;
  readonly commands: number;
  /** Programs that run nothing of the folder. */
  readonly expected: number;
  readonly started: readonly StartedProgram[];
  readonly made: readonly string[];
}

/** Opens a hostile folder, and does all in it that could make the product run something. */
async function tryEverything(withDaemon: boolean): Promise<Outcome> {
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'modelthat-hostile-'));
  const report = path.join(scratch, 'report.json');
  const traces: (() => Promise<StartedProgram[]>)[] = [];
  const trace = async (pid: number) =>
    traces.push(await traceStarts(pid, path.join(scratch, `trace-${traces.length}`)));
  let daemonPid: number | undefined;
  const editor = await openEditor({
    fixture: writeHostileFolder(path.join(scratch, 'hostile')),
    untrusted: true,
    unpacked: [PROBE],
    env: { PROBE_REPORT: report },
    beforeWindow: async ({ folder, stateDir, serverPid }) => {
      if (withDaemon) {
        daemonPid = await startDaemon(folder, stateDir);
        await trace(daemonPid);
      }
      await trace(serverPid);
    },
  });
  try {
    const before = listing(editor.folder);
    const { active, commands, error } = await reportOf(report);
    if (error) throw new Error(`the probe failed: ${error}`);
    const programs = (await Promise.all(traces.map(end => end()))).flat();
    const host = programs.find(({ args }) => args.includes('--type=extensionHost'));
    if (!host) throw new Error('no extension host was seen starting');
    const editors = new Set(
      programs.filter(program => EDITORS_OWN.test(program.args) && program !== host).map(({ pid }) => pid),
    );
    const below = programs.filter(({ ancestors }) =>
      ancestors.some(each => each === host.pid || each === daemonPid),
    );
    const [expected, started] = partition(below, ({ pid, ancestors }) =>
      [pid, ...ancestors].some(each => editors.has(each)),
    );
    for (const { program, args } of started) console.error(`started: ${program} ${args.slice(0, 200)}`);
    const made = listing(editor.folder).filter(name => !before.includes(name));
    for (const name of made) console.error(`made: ${name}`);
    return {
      active,
      commands: Object.keys(commands).length,
      expected: expected.length,
      started,
      made,
    };
  } finally {
    await editor.close();
    fs.rmSync(scratch, { recursive: true, force: true });
  }
}

/** A folder that has a program run wherever something can name one. */
function writeHostileFolder(folder: string): string {
  const evil = 'evil.sh';
  const program = path.join(folder, evil);
  const files: Record<string, string> = {
    [evil]: '#!/bin/sh\ntouch evil-was-here\n',
    'modelthat.yaml': [
      'name: evil',
      'env: { python: requirements.txt }',
      'steps:',
      `  evil: { run: ./${evil} }`,
      `  wait: { after: [evil], approval: Production }`,
    ].join('\n'),
    'requirements.txt': '--index-url http://127.0.0.1:9/\nevil\n',
    '.env': `PATH=${folder}\nMODELTHAT_STATE_DIR=${folder}/state\nNODE_OPTIONS=--require=${program}\n`,
    '.vscode/settings.json': JSON.stringify({
      'modelthat.storePath': `${folder}/planted`,
      'modelthat.pythonPath': program,
      'python.defaultInterpreterPath': program,
      'git.path': program,
      'terminal.integrated.env.linux': { PATH: folder },
    }),
    'train.py': 'import mlflow\nmlflow.log_metric("loss", 1)\n',
    'planted/.gitignore': '*\n',
    '.git/HEAD': 'ref: refs/heads/main\n',
    '.git/config': `[core]\n\trepositoryformatversion = 0\n\tfsmonitor = ${program}\n\thooksPath = ${folder}\n`,
    '.git/refs/heads/.keep': '',
    '.git/objects/.keep': '',
  };
  for (const [name, content] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    fs.writeFileSync(path.join(folder, name), content, { mode: name === evil ? 0o755 : 0o644 });
  }
  return folder;
}

/** A daemon that its user has started in the folder by hand. @returns its process */
async function startDaemon(folder: string, stateDir: string): Promise<number> {
  process.env.MODELTHAT_STATE_DIR = stateDir;
  const { connection } = await ensureDaemon(openPlace(path.join(folder, STORE_FOLDER)), { main: BUILT_MAIN });
  return connection.pid;
}

interface Report {
  readonly active: boolean;
  /** What came of each command. */
  readonly commands: Readonly<Record<string, string>>;
  readonly error?: string;
}

async function reportOf(file: string): Promise<Report> {
  const deadline = performance.now() + REPORT_TIMEOUT_MS;
  while (!fs.existsSync(file)) {
    if (performance.now() > deadline) throw new Error('the probe has not come to its end');
    await pause(200);
  }
  return JSON.parse(fs.readFileSync(file, 'utf8')) as Report;
}

/** The files of a folder, but for those of its store. */
function listing(folder: string): string[] {
  return fs
    .readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(name => !name.startsWith(STORE_FOLDER));
}

function partition<Item>(items: readonly Item[], fits: (item: Item) => boolean): [Item[], Item[]] {
  return [items.filter(fits), items.filter(item => !fits(item))];
}

/** How many commands the manifest has, and which settings of text are not restricted to trusted workspaces. */
function manifest(): { commands: number; unrestricted: string[] } {
  const { contributes, capabilities } = JSON.parse(fs.readFileSync(MANIFEST, 'utf8')) as {
    contributes: {
      commands: unknown[];
      configuration: { properties: Record<string, { type: string; enum?: unknown }> };
    };
    capabilities: { untrustedWorkspaces: { restrictedConfigurations: string[] } };
  };
  const { restrictedConfigurations } = capabilities.untrustedWorkspaces;
  const free = Object.entries(contributes.configuration.properties)
    .filter(([, setting]) => !['boolean', 'number', 'integer'].includes(setting.type) && !setting.enum)
    .map(([id]) => id);
  return {
    commands: contributes.commands.length,
    unrestricted: free.filter(id => !restrictedConfigurations.includes(id)),
  };
}
