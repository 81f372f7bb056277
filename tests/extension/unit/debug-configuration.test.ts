import assert from 'node:assert/strict';
import { type DebugLaunch, debugConfiguration } from '../../../extension/editor/debug-configuration.ts';

const launch = (...command: string[]) =>
  debugConfiguration({ name: 'Step train', command, cwd: '/work', env: { SEED: '7' } });

function launched(...command: string[]): DebugLaunch {
  const configuration = launch(...command);
  assert.ok(configuration);
  return configuration;
}

describe('the debug configuration of a command', () => {
  it('starts a script with its arguments, in the interpreter, folder and environment of the step', () => {
    assert.deepEqual(launch('/env/bin/python3', 'train.py', '--lr', '0.1'), {
      type: 'debugpy',
      request: 'launch',
      name: 'Step train',
      cwd: '/work',
      env: { SEED: '7' },
      console: 'internalConsole',
      python: ['/env/bin/python3'],
      subProcess: true,
      justMyCode: true,
      program: 'train.py',
      args: ['--lr', '0.1'],
      pythonArgs: [],
    });
  });

  it('starts a module, and keeps what is said to Python itself', () => {
    const { module, args, pythonArgs } = launched(
      'python',
      '-u',
      '-W',
      'error',
      '-m',
      'shop.train',
      '-m',
      'x',
    );
    assert.deepEqual([module, args, pythonArgs], ['shop.train', ['-m', 'x'], ['-u', '-W', 'error']]);
  });

  it('starts Node programs by the debugger of the editor', () => {
    const { type, program, args } = launched('/usr/bin/node', 'train.js', 'a');
    assert.deepEqual([type, program, args], ['node', '/work/train.js', ['a']]);
  });

  it('is none for what no debugger is known for', () => {
    assert.equal(launch('/bin/echo', 'train.py'), undefined);
    assert.equal(launch('python'), undefined);
  });
});
