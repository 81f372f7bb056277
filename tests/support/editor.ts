/** An editor window on a fresh copy of a workspace, with the extension under development: the base of UI tests. */

import path from 'node:path';
import { buildAll } from '../../scripts/build.ts';
import { startEditorServer } from './editor-host/server.ts';
import { launchBrowser, openWorkbench, type Workbench } from './editor-host/workbench.ts';
import { temporaryWorkspace } from './workspace.ts';

const REPOSITORY = path.resolve(import.meta.dirname, '../..');
const FAILURES = path.join(REPOSITORY, '.cache/failures');
const PICTURES = path.join(REPOSITORY, '.cache/pictures');

/** Settings under which a folder is not trusted, without the question whether it is. */
const UNTRUSTED = {
  'security.workspace.trust.enabled': true,
  'security.workspace.trust.startupPrompt': 'never',
  'security.workspace.trust.banner': 'never',
};

/** What to open. */
export interface EditorOptions {
  /** Workspace folder to copy and open. */
  fixture: string;
  /** User settings, for example `{ 'workbench.colorTheme': 'Light Modern' }`. */
  settings?: Record<string, unknown>;
  /** Installed packages in place of the extension under development. */
  vsix?: string[];
  /** Variables on top of this process's environment. */
  env?: Record<string, string>;
  /** Folder for the state of daemons that stays after the tests, for the Python environments in it. */
  keptState?: string;
  /** Opens the folder as one that is not trusted. */
  untrusted?: boolean;
  /** Folders of further, unpacked extensions to install. */
  unpacked?: string[];
  /** Called before the window is opened, and with that the extension host started. */
  beforeWindow?: (place: { folder: string; stateDir: string; serverPid: number }) => Promise<void>;
}

/** An open editor window. */
export interface Editor {
  readonly workbench: Workbench;
  /** The opened copy of the fixture. */
  readonly folder: string;
  /** Folder of the daemon's state. */
  readonly stateDir: string;
  /** Leaves a picture of the window in .cache/pictures, to look at. */
  picture(name: string): Promise<void>;
  /** Ends the browser and the server, and removes the copy. */
  close(): Promise<void>;
}

/**
 * Keeps one editor window open for the tests of the surrounding `describe`; each test that fails leaves a picture of
 * it in .cache/failures.
 *
 * @returns a function that gives the window, for use inside of tests and hooks
 */
export function useEditor(options: EditorOptions | (() => Promise<EditorOptions>)): () => Editor {
  let editor: Editor | undefined;
  before(async () => {
    editor = await openEditor(typeof options === 'function' ? await options() : options);
  });
  afterEach(async function () {
    const { currentTest } = this;
    if (!editor || currentTest?.state !== 'failed') return;
    const file = path.join(FAILURES, `${currentTest.fullTitle().replaceAll(/\W+/g, '-')}.png`);
    await editor.workbench.page.screenshot({ path: file });
    console.log(`      picture: ${file}`);
  });
  after(() => editor?.close());
  return () => {
    if (!editor) throw new Error('The editor window is open only while the tests run.');
    return editor;
  };
}

/** Builds the extension, opens an editor window, and waits until it takes commands. */
export async function openEditor(options: EditorOptions): Promise<Editor> {
  const { fixture, settings, vsix, env, keptState, untrusted = false, unpacked = [], beforeWindow } = options;
  await buildAll();
  const workspace = temporaryWorkspace(fixture, keptState);
  const server = await startEditorServer({
    env: { ...env, MODELTHAT_STATE_DIR: workspace.stateDir },
    settings: { ...settings, ...(untrusted && UNTRUSTED) },
    ...(vsix && { vsix }),
    unpacked,
  });
  await beforeWindow?.({ ...workspace, serverPid: server.pid });
  const browser = await launchBrowser();
  const close = async () => {
    await browser.close();
    await server.stop();
    workspace.remove();
  };
  try {
    const workbench = await openWorkbench({
      browser,
      url: server.url,
      folder: workspace.folder,
      extensions: vsix ? [] : [REPOSITORY],
    });
    await workbench.ready();
    const { folder, stateDir } = workspace;
    const picture = async (name: string) => {
      await workbench.page.screenshot({ path: path.join(PICTURES, `${name}.png`) });
    };
    return { workbench, folder, stateDir, picture, close };
  } catch (error) {
    await close();
    throw error;
  }
}
