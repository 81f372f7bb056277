import assert from 'node:assert/strict';
import path from 'node:path';
import { useEditor } from '../../support/editor.ts';

const fixture = path.resolve(import.meta.dirname, '../graph-workspace');

describe('running with other parameters', () => {
  const editor = useEditor({ fixture });

  const page = () => editor().workbench.webview();
  const field = (name: string) => page().getByLabel(name, { exact: true });
  const button = (name: string) => page().getByRole('button', { name });

  before(async () => {
    const { workbench } = editor();
    await workbench.viewContainer('modelthat').click();
    await workbench.treeItem('Pipeline shop, never run').waitFor();
    await workbench.runCommand('modelthat: Run Pipeline with Parameters…');
  });

  it('has a field for each parameter, with its value', async () => {
    assert.equal(await field('model.lr').inputValue(), '0.1');
    assert.equal(await field('model.sizes').inputValue(), '[64,32]');
    assert.equal(await field('verbose').inputValue(), 'false');
    await button('Run unchanged').waitFor();
  });

  it('says beside the field what is wrong with a value, and runs nothing', async () => {
    await field('model.lr').fill('fast');
    await page().getByText('Write a number, for example 0.1 or 1e-3.').waitFor();
    assert.equal(await field('model.lr').getAttribute('aria-invalid'), 'true');
    assert.ok(await button('Run with 1 change').isDisabled());
  });

  it('shows what would run, and the command line that does the same', async () => {
    await field('model.lr').fill('0.05');
    await field('title').fill('2026');
    await page().getByText('Would run 5 steps').waitFor();
    await page().getByText(`modelthat run --set model.lr=0.05 --set 'title="2026"'`).waitFor();
    await button('Copy the command line').click();
    await button('Reset title').click();
    await button('Run with 1 change').waitFor();
  });

  it('keeps what was written through a reload of the window', async () => {
    await editor().workbench.runCommand('Developer: Reload Window');
    await page().getByRole('form', { name: 'Run with parameters' }).waitFor();
    assert.equal(await field('model.lr').inputValue(), '0.05');
  });

  it('sends only what was changed', async () => {
    await button('Run with 1 change').click();
    await page().getByRole('heading', { name: 'shop #1' }).waitFor();
    await page().getByText('model.lr=0.05').first().waitFor();
    await page()
      .getByRole('button', { name: /^Step train, running/ })
      .click();
    await page().getByRole('region', { name: 'Log of train' }).getByText('epoch 0 with 0.05').waitFor();
  });

  it('offers the values of the last time', async () => {
    await page().locator('header').getByRole('button', { name: 'Run with parameters…' }).click();
    await button('last 0.05 (#1)').click();
    assert.equal(await field('model.lr').inputValue(), '0.05');
    await page().getByText('The pipeline is running.').waitFor();
  });
});
