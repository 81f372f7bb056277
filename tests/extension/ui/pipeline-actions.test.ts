import path from 'node:path';
import { useEditor } from '../../support/editor.ts';

const fixture = path.resolve(import.meta.dirname, '../workspace');

describe('around the executions of a pipeline', () => {
  const settings = {
    'modelthat.notifications.after': 0,
    // As text in the page, and not as a picture.
    'terminal.integrated.gpuAcceleration': 'off',
  };
  const editor = useEditor({ fixture, settings });

  const lens = (title: string | RegExp) =>
    editor().workbench.page.locator('.codelens-decoration a', { hasText: title });

  before(async () => {
    const { workbench } = editor();
    await workbench.viewContainer('modelthat').click();
    await workbench.treeItem('Pipeline tiny, never run').waitFor();
    await workbench.runCommand('modelthat: Open Pipeline File');
  });

  it('each step says above it how it last ended', async () => {
    await lens('never run').first().waitFor();
    await lens('Run from here').first().click();
    await editor().workbench.treeItem('Pipeline tiny, succeeded').waitFor();
    await lens(/succeeded · .* · just now/)
      .nth(1)
      .waitFor();
  });

  it('a notification tells of the end, and leads to the page', async () => {
    const { workbench } = editor();
    await workbench.runCommand('Notifications: Show Notifications');
    const told = workbench.page.locator('.notifications-center .notification-list-item', {
      hasText: /tiny #1 succeeded after/,
    });
    await told.hover();
    await told.getByRole('button', { name: 'Open' }).click();
    await workbench.webview().getByRole('heading', { name: 'tiny #1' }).waitFor();
  });

  it('the logs of all steps are shown in a terminal', async () => {
    const { workbench } = editor();
    const row = workbench.treeItem('Pipeline tiny, succeeded');
    await workbench.chooseInMenu(row, 'Follow Log in Terminal');
    const terminal = workbench.page.locator('.terminal-wrapper.active .xterm-rows');
    await terminal.filter({ hasText: /prepare.│.preparing/ }).waitFor();
    await terminal.filter({ hasText: /train.│.training with/ }).waitFor();
    await terminal.filter({ hasText: /tiny.#1.succeeded.after/ }).waitFor();
  });

  it('debugging says what it needs', async () => {
    const { workbench } = editor();
    const row = workbench.treeItem('Step train, succeeded');
    await workbench.chooseInMenu(row, 'Debug Step');
    await workbench.runCommand('Notifications: Show Notifications');
    await workbench.page
      .locator('.notifications-center', {
        hasText: /cannot be debugged: only commands that start Python or Node can/,
      })
      .waitFor();
  });
});
