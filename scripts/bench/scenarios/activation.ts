/** What the extension adds to the start of an editor window, as the editor itself tells its users. */
import path from 'node:path';
import { openEditor } from '../../../tests/support/editor.ts';
import type { Workbench } from '../../../tests/support/editor-host/workbench.ts';
import { scenario } from '../scenario.ts';

const WORKSPACE = path.resolve(import.meta.dirname, '../../../tests/extension/workspace');
const ACTIVATION = { name: 'activation of the extension', unit: 'ms', better: 'less' } as const;

export const activation = scenario({
  name: 'activation',
  about: 'what activating the extension takes of the extension host, in windows on a folder with a pipeline',
  contestants: ['modelthat'],
  sizes: { quick: { rounds: 1 }, full: { rounds: 7 } },
  seconds: 60,
  async measure(session, { rounds }) {
    for (let round = 0; round < rounds; round += 1) {
      session.say(`window ${round + 1} of ${rounds}`);
      session.signal.throwIfAborted();
      const editor = await openEditor({ fixture: WORKSPACE });
      try {
        session.add(ACTIVATION, 'modelthat', await activationTime(editor.workbench));
      } finally {
        await editor.close();
      }
    }
  },
});

/** Reading the code and `activate()`, in milliseconds, as "Show Running Extensions" has them. */
async function activationTime(workbench: Workbench): Promise<number> {
  await workbench.runCommand('Developer: Show Running Extensions');
  const row = workbench.page.locator('.runtime-extensions-editor .monaco-list-row', { hasText: 'modelthat' });
  const text = await row.locator('.activation-time').first().textContent({ timeout: 30_000 });
  const [, milliseconds] = /(\d+)\s*ms/.exec(text ?? '') ?? [];
  if (milliseconds === undefined)
    throw new Error(`the editor does not tell how long activation took: ${text}`);
  return Number(milliseconds);
}
