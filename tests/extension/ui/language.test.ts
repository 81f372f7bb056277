import path from 'node:path';
import { useEditor } from '../../support/editor.ts';

const fixture = path.resolve(import.meta.dirname, '../pipeline-workspace');

describe('a pipeline file in the editor', () => {
  const editor = useEditor({ fixture });

  const suggestion = (text: string) =>
    editor().workbench.page.locator('.suggest-widget .monaco-list-row', { hasText: text });
  const line = (text: string) => editor().workbench.page.locator('.view-line', { hasText: text });

  it('offers a new step, its keys, and then what can follow them', async () => {
    const { page } = editor().workbench;
    await page.locator('.explorer-folders-view').getByText('modelthat.yaml').dblclick();
    // Then the extension is there.
    await page.locator('.codelens-decoration', { hasText: 'Run step' }).first().waitFor({ timeout: 60_000 });
    await line('approval: Production').click();
    await page.keyboard.press('Control+End');
    await page.keyboard.type('  new');
    await suggestion('New step').waitFor();
    await page.keyboard.press('Enter');
    await page.keyboard.type('check');
    await page.keyboard.press('Tab');
    await page.keyboard.type('echo done');
    await page.keyboard.press('Tab');
    await page.keyboard.type('af');
    await suggestion('after').waitFor();
    await page.keyboard.press('Enter');
    await suggestion('prepare').waitFor();
    await suggestion('approve').waitFor();
    await page.keyboard.type('tr');
    // Before the list has followed, the key would take another step.
    await suggestion('prepare').waitFor({ state: 'hidden' });
    await page.keyboard.press('Enter');
    await line('after: [train]').waitFor();
  });

  it('explains what the mouse is on', async () => {
    const { page } = editor().workbench;
    const command = line('the rate is').locator('span').last();
    const { width = 0 } = (await command.boundingBox()) ?? {};
    // The name of the parameter is at its end.
    await command.hover({ position: { x: width - 15, y: 5 } });
    await page.locator('.monaco-hover', { hasText: 'Set in params.yaml' }).waitFor();
  });

  it('underlines what is wrong, and mends it', async () => {
    const { page } = editor().workbench;
    await line('after: [train]').click();
    await page.keyboard.press('End');
    await page.keyboard.type('\ntimout: 5m');
    await page.locator('.squiggly-error').waitFor();
    await page.keyboard.press('Home');
    // It says that there is a fix; before, the key would find none.
    await page.locator('.lightBulbWidget, [class*="lightbulb"]').first().waitFor();
    await page.keyboard.press('Control+.');
    const fix = page.locator('.action-widget .monaco-list-row', { hasText: 'Change to “timeout”' });
    await fix.waitFor();
    await page.keyboard.press('Enter');
    await line('timeout: 5m').waitFor();
  });
});
