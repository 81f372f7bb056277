/** What axe-core finds wrong with a page of the extension, in each kind of theme. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import axe from 'axe-core';
import type { Frame } from 'playwright-core';
import type { Editor } from './editor.ts';

/** A theme of each kind that the editor knows. */
export const THEMES = [
  { name: 'Dark Modern', kind: 'vscode-dark' },
  { name: 'Light Modern', kind: 'vscode-light' },
  { name: 'Default High Contrast', kind: 'vscode-high-contrast' },
  { name: 'Default High Contrast Light', kind: 'vscode-high-contrast-light' },
] as const;
export type Theme = (typeof THEMES)[number];

/** What is serious enough to fail a test. */
const GRAVE: readonly unknown[] = ['serious', 'critical'];

/** Puts a theme on, and waits until the page in front wears it. */
export async function wearTheme({ workbench, folder }: Editor, { name, kind }: Theme): Promise<void> {
  mkdirSync(path.join(folder, '.vscode'), { recursive: true });
  const settings = JSON.stringify({ 'workbench.colorTheme': name });
  writeFileSync(path.join(folder, '.vscode/settings.json'), settings);
  await workbench.webview().locator(`body.${kind}`).waitFor();
}

/**
 * Asserts that axe-core finds nothing serious or critical in the page in front.
 *
 * @param where of the page and its theme, for the message
 */
export async function assertAccessible(editor: Editor, where: string): Promise<void> {
  const found = await graveProblems(await frameInFront(editor));
  if (found.length > 0) assert.fail([where, ...found].join('\n\n'));
}

async function frameInFront({ workbench }: Editor): Promise<Frame> {
  const root = await workbench.webview().locator('html').elementHandle();
  const frame = await root?.ownerFrame();
  if (!frame) throw new Error('No page is in front.');
  return frame;
}

/** Runs axe-core in a frame. Its source comes in over the debugging protocol, which no policy of the page applies to. */
async function graveProblems(frame: Frame): Promise<string[]> {
  await frame.evaluate(`window.axe ?? (() => { ${axe.source} })()`);
  const { violations } = (await frame.evaluate(`axe.run({ resultTypes: ['violations'] })`)) as axe.AxeResults;
  return violations
    .filter(({ impact }) => GRAVE.includes(impact))
    .flatMap(({ id, help, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${help}\n${html}\n${failureSummary ?? ''}`),
    );
}
