import assert from 'node:assert/strict';
import { homedir } from 'node:os';
import path from 'node:path';
import { interpreterPath } from '../../../extension/integrations/interpreter-path.ts';

describe('the setting python.defaultInterpreterPath', () => {
  const folder = path.resolve('/project');
  const cases: readonly (readonly [string, string | undefined])[] = [
    [path.resolve('/opt/python/bin/python'), path.resolve('/opt/python/bin/python')],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the editor's own variables
    ['${workspaceFolder}/.venv/bin/python', path.join(folder, '.venv/bin/python')],
    ['.venv/bin/python', path.join(folder, '.venv/bin/python')],
    ['~/envs/a/bin/python', path.join(homedir(), 'envs/a/bin/python')],
    ['python3.11', undefined],
  ];
  for (const [text, expected] of cases) {
    it(`${text} names ${expected === undefined ? 'no environment' : 'an interpreter'}`, () => {
      assert.equal(interpreterPath(text, folder), expected);
    });
  }
});
