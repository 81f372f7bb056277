/**
 * Mocha inside an extension host (`npx vscode-test`). With EDITOR_HOST=1 the browser-hosted editor stands in for the
 * desktop editor, which is downloaded otherwise.
 */

import path from 'node:path';
import { defineConfig } from '@vscode/test-cli';
import { buildSync } from 'esbuild';
import { temporaryWorkspace } from './tests/support/workspace.ts';

const root = import.meta.dirname;
const bundles = '.cache/extension-tests';

// The extension host loads CommonJS.
buildSync({
  absWorkingDir: root,
  entryPoints: ['tests/extension/*.test.ts'],
  outdir: bundles,
  outExtension: { '.js': '.cjs' },
  bundle: true,
  format: 'cjs',
  platform: 'node',
  external: ['vscode'],
  sourcemap: 'inline',
});

const workspace = temporaryWorkspace(path.join(root, 'tests/extension/workspace'));
process.once('exit', workspace.remove);

export default defineConfig({
  files: `${bundles}/*.test.cjs`,
  extensionDevelopmentPath: root,
  workspaceFolder: workspace.folder,
  env: { MODELTHAT_STATE_DIR: workspace.stateDir },
  mocha: {
    ui: 'bdd',
    forbidOnly: Boolean(process.env.CI),
    timeout: 30_000,
    reporter: path.join(root, 'tests/support/mocha-reporter.cjs'),
  },
  ...(process.env.EDITOR_HOST && {
    useInstallation: { fromPath: path.join(root, 'tests/support/editor-host/code-shim.ts') },
  }),
});
