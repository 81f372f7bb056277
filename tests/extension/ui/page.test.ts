import assert from 'node:assert/strict';
import path from 'node:path';
import { type Editor, openEditor } from '../../support/editor.ts';

describe('page', () => {
  let editor: Editor;
  before(async () => {
    editor = await openEditor({ fixture: path.resolve(import.meta.dirname, '../workspace') });
  });
  after(() => editor.close());

  it('answers', async () => {
    await editor.workbench.runCommand('Probe: Open Page');
    const page = editor.workbench.webview();
    await page.getByRole('button', { name: 'Ping' }).click();
    assert.equal(await page.locator('p', { hasText: 'pong 1' }).count(), 1);
  });
});
