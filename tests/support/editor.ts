/** An editor window on a fresh copy of a workspace, with the extension under development: the base of UI tests. */

import path from 'node:path';
import { startEditorServer } from './editor-host/server.ts';
import { launchBrowser, openWorkbench, type Workbench } from './editor-host/workbench.ts';
import { temporaryWorkspace } from './workspace.ts';

const REPOSITORY = path.resolve(import.meta.dirname, '../extension/probe');

/** What to open. */
export interface EditorOptions {
  /** Workspace folder to copy and open. */
  fixture: string;
  /** User settings, for example `{ 'workbench.colorTheme': 'Light Modern' }`. */
  settings?: Record<string, unknown>;
  /** Installed packages in place of the extension under development. */
  vsix?: string[];
}

/** An open editor window. */
export interface Editor {
  readonly workbench: Workbench;
  /** The opened copy of the fixture. */
  readonly folder: string;
  /** Ends the browser and the server, and removes the copy. */
  close(): Promise<void>;
}

/** Opens an editor window and waits until it takes commands. */
export async function openEditor({ fixture, settings, vsix }: EditorOptions): Promise<Editor> {
  const workspace = temporaryWorkspace(fixture);
  const server = await startEditorServer({
    env: { MODELTHAT_STATE_DIR: workspace.stateDir },
    ...(settings && { settings }),
    ...(vsix && { vsix }),
  });
  const browser = await launchBrowser();
  const close = async () => {
    await browser.close();
    await server.stop();
    workspace.remove();
  };
  try {
    const extensions = vsix ? [] : [REPOSITORY];
    const workbench = await openWorkbench({ browser, url: server.url, folder: workspace.folder, extensions });
    await workbench.ready();
    return { workbench, folder: workspace.folder, close };
  } catch (error) {
    await close();
    throw error;
  }
}
