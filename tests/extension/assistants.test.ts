import assert from 'node:assert/strict';
import * as vscode from 'vscode';

describe('tools of language models', () => {
  before(() => vscode.commands.executeCommand('modelthat.daemon.start'));

  const use = async (name: string, input: object) => {
    const { content } = await vscode.lm.invokeTool(`modelthat_${name}`, {
      input,
      toolInvocationToken: undefined,
    });
    const [part] = content;
    assert.ok(part instanceof vscode.LanguageModelTextPart);
    return JSON.parse(part.value) as unknown;
  };

  it('are known to the editor with what they are for and take', () => {
    const tool = vscode.lm.tools.find(({ name }) => name === 'modelthat_compare_runs');
    assert.match(tool?.description ?? '', /differ/);
    assert.match(JSON.stringify(tool?.inputSchema), /"required":\["runs"\]/);
  });

  it('read the pipelines of the window’s project', async () => {
    const { pipelines } = (await use('list_pipelines', {})) as { pipelines: { steps: { name: string }[] }[] };
    assert.deepEqual(
      pipelines[0]?.steps.map(({ name }) => name),
      ['prepare', 'train'],
    );
  });
});
