/** A page with VS Code's workbench in it, driven by Playwright. */

import path from 'node:path';
import { format } from 'node:util';
import { type Browser, chromium, type FrameLocator, type Locator, type Page } from 'playwright-core';
import { CHROMIUM, ensureEditorHost } from './setup.ts';

const START_TIMEOUT_MS = 60_000;
const COMMAND_TIMEOUT_MS = 30_000;
/** One click on an entry of a menu, which may be gone meanwhile. */
const MENU_CLICK_MS = 2_000;

/** How long what a button asks takes to open. */
const OPEN_MS = 3_000;

/**
 * Starts the headless Chromium that setup.ts unpacks, or the one that CHROME_BIN names.
 * Playwright's own arguments suit it; those that its package proposes are for another purpose and cut security.
 *
 * @param args further arguments of Chromium
 */
export async function launchBrowser(args: readonly string[] = []): Promise<Browser> {
  await ensureEditorHost();
  const own = process.env.CHROME_BIN;
  return chromium.launch({
    executablePath: own ?? path.join(CHROMIUM, 'chromium'),
    args: [
      ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
      ...args,
    ],
    // Its libraries are for the browser alone: the server must not inherit them.
    env: own
      ? process.env
      : { ...process.env, LD_LIBRARY_PATH: `${CHROMIUM}/lib`, FONTCONFIG_PATH: CHROMIUM },
  });
}

/** What a workbench is to show. */
export interface WorkbenchAddress {
  /** Address of an editor server. */
  url: URL;
  /** Folder to open; none opens an empty window. */
  folder?: string | undefined;
  /** Folders of extensions under development. */
  extensions?: string[];
  /** Module whose `run()` the extension host calls, as VS Code's test runners pass it. */
  tests?: string | undefined;
}

/** How to open a workbench in a page. */
export interface WorkbenchOptions extends WorkbenchAddress {
  browser: Browser;
  /** Receives each line that the extension host's console prints. */
  onConsole?: (line: string) => void;
}

/** Opens a workbench. It has begun to load when this returns; `Workbench.ready` waits for it. */
export async function openWorkbench(options: WorkbenchOptions): Promise<Workbench> {
  const { browser, onConsole = () => {} } = options;
  const context = await browser.newContext({ viewport: { width: 1400, height: 900 } });
  await context.route(
    url => url.hostname !== '127.0.0.1',
    route => route.abort(),
  );
  const page = await context.newPage();
  const testsEnded = new Promise<number>((resolve, reject) => {
    page.on('crash', () => reject(new Error('The page of the editor crashed.')));
    page.on('close', () => reject(new Error('The page of the editor was closed.')));
    void page.exposeFunction('codeAutomationExit', resolve);
  });
  // Who does not await the tests' end is not to be killed by an unhandled rejection.
  testsEnded.catch(() => {});
  await page.exposeFunction('codeAutomationLog', (_type: string, args: unknown[]) =>
    onConsole(format(...args)),
  );
  await page.goto(workbenchAddress(options));
  return new Workbench(page, testsEnded);
}

/** Address of the page: the smoke-test driver of VS Code takes its development arguments as a payload in it. */
export function workbenchAddress({ url, folder, extensions = [], tests }: WorkbenchAddress): string {
  const remote = (file: string) => `vscode-remote://remote${file}`;
  const payload = [
    ...extensions.map(extension => ['extensionDevelopmentPath', remote(extension)]),
    ...(tests ? [['extensionTestsPath', remote(tests)]] : []),
    ['skipWelcome', 'true'],
  ];
  const page = new URL(url);
  if (folder) page.searchParams.set('folder', folder);
  else page.searchParams.set('ew', 'true');
  page.searchParams.set('payload', JSON.stringify(payload));
  return page.href;
}

/** Page object of a workbench: the gestures that tests and screenshots share. */
export class Workbench {
  readonly page: Page;
  /** Exit code of the tests that the extension host runs; rejects when the page dies first. */
  readonly testsEnded: Promise<number>;

  constructor(page: Page, testsEnded: Promise<number>) {
    this.page = page;
    this.testsEnded = testsEnded;
  }

  /** Waits until the files of the opened folder are listed: before that, keys can get lost. */
  async ready(): Promise<void> {
    const file = this.page.locator('.explorer-folders-view .monaco-list-row').first();
    await file.waitFor({ timeout: START_TIMEOUT_MS });
  }

  /**
   * Runs a command by its title in the palette, as `Category: Title`. An open palette does not see the commands of an
   * extension whose manifest is read only now, so it is opened again until the command is there.
   */
  async runCommand(title: string): Promise<void> {
    const deadline = performance.now() + COMMAND_TIMEOUT_MS;
    while (!(await this.findInPalette(title))) {
      if (performance.now() > deadline) throw new Error(`The palette has no command “${title}”.`);
      await this.page.keyboard.press('Escape');
    }
    await this.page.keyboard.press('Enter');
  }

  private async findInPalette(title: string): Promise<boolean> {
    await this.page.keyboard.press('F1');
    const input = this.page.locator('.quick-input-widget input.input');
    await input.waitFor();
    await input.fill(`>${title}`);
    const found = this.quickPickItem(title).waitFor({ timeout: 2_000 });
    return found.then(
      () => true,
      () => false,
    );
  }

  /** The first entry of the open quick pick with this text (recycled rows stay in the page, so never go by position). */
  quickPickItem(text: string): Locator {
    return this.page.locator('.quick-input-list .monaco-list-row', { hasText: text }).first();
  }

  /**
   * Chooses an entry of a row's context menu. A menu that has just opened takes no clicks for a tenth of a second of the
   * page's own time, so that its entry is clicked until the menu is gone.
   */
  async chooseInMenu(row: Locator, entry: string): Promise<void> {
    await row.click({ button: 'right' });
    const item = this.page.getByRole('menuitem', { name: entry });
    await item.waitFor();
    while (await item.isVisible()) await item.click({ timeout: MENU_CLICK_MS }).catch(() => {});
  }

  /**
   * Presses a button of a row until what it asks is open, by its title. A row that is drawn anew just then is not known to
   * the extension any more, which asks for another thing.
   */
  async pressInRow(row: Locator, button: string, title: string): Promise<void> {
    const question = this.page.locator('.quick-input-widget', { hasText: title });
    const opened = () =>
      question.waitFor({ timeout: OPEN_MS }).then(
        () => true,
        () => false,
      );
    for (;;) {
      await row.hover();
      await row.getByRole('button', { name: button }).click();
      if (await opened()) return;
      await this.page.keyboard.press('Escape');
    }
  }

  /** Answers an input box that shows this text, once it is there. */
  async answer(question: string, text: string): Promise<void> {
    await this.page.locator('.quick-input-widget', { hasText: question }).waitFor();
    await this.page.locator('.quick-input-widget input.input').fill(text);
    await this.page.keyboard.press('Enter');
  }

  /** The icon of a view container in the activity bar, by its title. */
  viewContainer(title: string): Locator {
    return this.page.locator('.activitybar').getByRole('tab', { name: title });
  }

  /** The header of a view in the side bar, by its title. */
  viewHeader(title: string): Locator {
    return this.page.locator('.sidebar .pane-header', { hasText: title });
  }

  /** A row of a tree view, by a part of its accessible name. */
  treeItem(name: string): Locator {
    return this.page.locator(`.sidebar .monaco-list-row[aria-label*=${JSON.stringify(name)}]`);
  }

  /** An item of the status bar, by a part of its accessible name. */
  statusBarItem(name: string): Locator {
    return this.page.locator('.statusbar').getByRole('button', { name });
  }

  /** What pages do from now on against their content security policies, as the browser says it. */
  policyViolations(): readonly string[] {
    const violations: string[] = [];
    this.page.on('console', message => {
      if (/Content Security Policy/.test(message.text())) violations.push(message.text());
    });
    return violations;
  }

  /** A notification that shows this text. */
  notification(text: string | RegExp): Locator {
    return this.page.locator('.notification-toast', { hasText: text });
  }

  /** The document inside the visible webview, two frames down. */
  webview(): FrameLocator {
    return this.page
      .locator('iframe.webview.ready')
      .filter({ visible: true })
      .contentFrame()
      .frameLocator('iframe#active-frame');
  }
}
