/** The walkthrough, in a folder with nothing for modelthat in it. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { useEditor } from '../../support/editor.ts';

interface Step {
  readonly id: string;
  readonly description: string;
  readonly media: { readonly svg: string };
}

const root = path.resolve(import.meta.dirname, '../../..');
const { contributes } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
const [walkthrough] = contributes.walkthroughs as [{ title: string; steps: Step[] }];
const commands: { command: string }[] = contributes.commands;

describe('the walkthrough', () => {
  let fixture: string;
  const editor = useEditor(async () => {
    fixture = mkdtempSync(path.join(os.tmpdir(), 'walkthrough-'));
    writeFileSync(path.join(fixture, 'notes.txt'), 'mine\n');
    return { fixture };
  });
  after(() => rmSync(fixture, { recursive: true, force: true }));

  const step = (id: string) => editor().workbench.page.locator(`[data-step-id$="#start#${id}"]`);

  it('has six steps, whose pictures and commands are there', async () => {
    assert.equal(walkthrough.steps.length, 6);
    for (const { description, media } of walkthrough.steps) {
      assert.ok(existsSync(path.join(root, media.svg)), media.svg);
      for (const [, id] of description.matchAll(/\(command:([\w.]+)\)/g))
        assert.ok(
          commands.some(({ command }) => command === id),
          id,
        );
    }
    const { workbench } = editor();
    await workbench.runCommand('Welcome: Open Walkthrough...');
    await workbench.quickPickItem(walkthrough.title).click();
    for (const { id } of walkthrough.steps) await step(id).waitFor();
  });

  it('puts the sample project into the folder, with a pipeline to run', async () => {
    const { workbench, folder } = editor();
    await step('sample').click();
    await workbench.page.getByRole('button', { name: 'Create Sample Project' }).click();
    await workbench.page.getByRole('tab', { name: 'modelthat.yaml' }).waitFor();
    assert.ok(existsSync(path.join(folder, 'train.py')));
    await workbench.viewContainer('modelthat').click();
    await workbench.treeItem('Pipeline first-steps, never run').waitFor();
  });

  it('writes nothing over what is there', async () => {
    const { workbench, folder } = editor();
    writeFileSync(path.join(folder, 'train.py'), 'mine\n');
    await workbench.runCommand('modelthat: Create Sample Project…');
    await workbench.page
      .getByText(/nothing was written/)
      .first()
      .waitFor({ state: 'attached' });
    assert.equal(readFileSync(path.join(folder, 'train.py'), 'utf8'), 'mine\n');
  });
});
