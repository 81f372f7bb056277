import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { useEditor } from '../../support/editor.ts';

describe('a folder that is not trusted', () => {
  const editor = useEditor({
    fixture: path.resolve(import.meta.dirname, '../workspace'),
    untrusted: true,
  });

  it('has its views, which say why nothing runs', async () => {
    const { workbench } = editor();
    await workbench.viewContainer('modelthat').click();
    const welcome = workbench.page.locator('.sidebar .welcome-view-content').first();
    await welcome.getByText('Nothing is started in a folder that you do not trust').waitFor();
    await welcome.getByRole('button', { name: 'Manage Workspace Trust' }).waitFor();
  });

  it('starts no daemon and writes nothing', () => {
    const { folder, stateDir } = editor();
    assert.equal(existsSync(stateDir), false);
    assert.equal(existsSync(path.join(folder, '.modelthat')), false);
  });
});
