import path from 'node:path';
import { useEditor } from '../../support/editor.ts';

describe('page', () => {
  const editor = useEditor({ fixture: path.resolve(import.meta.dirname, '../workspace') });

  it('answers', async () => {
    const { workbench } = editor();
    await workbench.runCommand('Probe: Open Page');
    const page = workbench.webview();
    await page.getByRole('button', { name: 'Ping' }).click();
    await page.locator('p', { hasText: 'pong 1' }).waitFor();
  });
});
