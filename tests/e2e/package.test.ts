import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { attach } from '../../daemon/client/start.ts';
import { openPlace, STORE_FOLDER } from '../../daemon/client/store.ts';
import { packageExtension } from '../../scripts/package.ts';
import { registerLinearModel } from '../support/onnx-registration.ts';
import { readZip } from '../support/zip.ts';

const MAX_MEGABYTES = 25;
const { platform, arch } = process;

/** All that a package may hold. */
const ALLOWED = [
  /^\[Content_Types\]\.xml$/,
  /^extension\.vsixmanifest$/,
  /^extension\/(package\.json|readme\.md|changelog\.md|LICENSE\.txt|sbom\.json|THIRD-PARTY-NOTICES\.txt)$/,
  /^extension\/media\/[\w/-]+\.(svg|png|md)$/,
  /^extension\/dist\/(extension(-later)?\.cjs|cli\.mjs)$/,
  /^extension\/dist\/daemon\/[\w-]+\.(mjs|py)$/,
  /^extension\/dist\/daemon\/python\/modelthat\/((__init__|mlflow_plugin)\.py|py\.typed)$/,
  /^extension\/dist\/daemon\/python\/modelthat-[\d.]+\.dist-info\/(entry_points\.txt|METADATA)$/,
  /^extension\/examples\/first-steps\/[\w.]+$/,
  /^extension\/schemas\/[\w.]+\.schema\.json$/,
  /^extension\/dist\/webviews\/[\w-]+\.(js|css|ttf)$/,
  /^extension\/dist\/daemon\/node_modules\/(better-sqlite3|onnxruntime-node|onnxruntime-common|piscina)\/.*(\.m?js|package\.json|LICENSE)$/,
  new RegExp(`/better-sqlite3/prebuilds/${platform}-${arch}\\.node$`),
  new RegExp(`/onnxruntime-node/bin/napi-v6/${platform}/${arch}/[\\w.-]+$`),
];

describe('the package', function () {
  this.timeout(120_000);
  let scratch: string;
  let vsix: string;
  let files: Map<string, Buffer>;
  const stateBefore = process.env.MODELTHAT_STATE_DIR;

  before(async () => {
    scratch = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'modelthat-package-')));
    process.env.MODELTHAT_STATE_DIR = path.join(scratch, 'state');
    vsix = await packageExtension(scratch);
    files = readZip(vsix);
  });
  after(() => {
    if (stateBefore === undefined) delete process.env.MODELTHAT_STATE_DIR;
    else process.env.MODELTHAT_STATE_DIR = stateBefore;
    fs.rmSync(scratch, { recursive: true, force: true });
  });

  it('holds what it needs on this platform and nothing else', () => {
    const strangers = [...files.keys()].filter(name => !ALLOWED.some(pattern => pattern.test(name)));
    assert.deepEqual(strangers, []);
    assert.ok(fs.statSync(vsix).size < MAX_MEGABYTES * 1024 * 1024);
  });

  it('lists whose code it contains', () => {
    const { components } = JSON.parse(String(files.get('extension/sbom.json')));
    const names = new Set(components.map((component: { name: string }) => component.name));
    for (const name of ['better-sqlite3', 'onnxruntime-node', 'express', 'zod', 'chart.js', 'lit'])
      assert.ok(names.has(name), name);
    assert.match(String(files.get('extension/THIRD-PARTY-NOTICES.txt')), /Permission is hereby granted/);
  });

  it('is the same to the byte when it is made again', async () => {
    const again = await packageExtension(fs.mkdtempSync(path.join(scratch, 'again-')));
    assert.ok(fs.readFileSync(again).equals(fs.readFileSync(vsix)));
  });

  it('tracks, registers and serves where there is neither this repository nor a Node', async () => {
    const extension = path.join(scratch, 'installed');
    for (const [name, content] of files) {
      fs.mkdirSync(path.dirname(path.join(extension, name)), { recursive: true });
      fs.writeFileSync(path.join(extension, name), content);
    }
    const store = path.join(scratch, 'workspace', STORE_FOLDER);
    fs.mkdirSync(path.dirname(store));
    const modelthat = (...args: string[]) =>
      execa(
        process.execPath,
        [path.join(extension, 'extension/dist/cli.mjs'), ...args, '--json', '--store', store],
        {
          cwd: scratch,
          env: { PATH: scratch, MODELTHAT_STATE_DIR: path.join(scratch, 'state') },
          extendEnv: false,
          input: '[{"a": 1, "b": 2}]',
        },
      );

    await modelthat('start');
    try {
      const daemon = await attach(openPlace(store));
      assert.ok(daemon);
      await registerLinearModel(daemon.client, 'linear', [10, 1]);
      // An update of the extension takes the folder away under the running daemon.
      fs.renameSync(path.join(extension, 'extension/dist/daemon'), path.join(extension, 'gone'));
      const { stdout } = await modelthat('predict', 'linear', '--version', '1', '--input', '-');
      assert.deepEqual(JSON.parse(stdout), { predictions: [{ prediction: 12 }] });
    } finally {
      await modelthat('stop');
    }
  });
});
