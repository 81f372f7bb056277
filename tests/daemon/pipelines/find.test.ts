import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { findPipelines } from '../../../daemon/pipelines/find.ts';
import { temporaryFolder } from '../../support/database.ts';

describe('looking for pipelines', () => {
  const folder = temporaryFolder();
  const workspace = folder.path;
  after(() => folder.remove());

  const put = (name: string, text = 'steps: {}\n') => {
    fs.mkdirSync(path.dirname(path.join(workspace, name)), { recursive: true });
    fs.writeFileSync(path.join(workspace, name), text);
  };
  const found = async (maxFolders?: number) => {
    const { files, complete } = await findPipelines(workspace, maxFolders);
    return { files: files.map(file => path.relative(workspace, file).replaceAll('\\', '/')), complete };
  };

  before(() => {
    for (const name of ['', 'a/', 'a/b/', 'outputs/old/', 'node_modules/x/', '.venv/y/', '1/2/3/4/5/'])
      put(`${name}modelthat.yaml`);
  });

  it('finds those nearest to the root first, and not those of installed packages or far down', async () => {
    assert.deepEqual(await found(), {
      files: ['modelthat.yaml', 'a/modelthat.yaml', 'a/b/modelthat.yaml', 'outputs/old/modelthat.yaml'],
      complete: true,
    });
  });

  it('says when there are more folders than it looks into', async () => {
    assert.deepEqual(await found(3), { files: ['modelthat.yaml', 'a/modelthat.yaml'], complete: false });
  });

  it('leaves out what git ignores', async () => {
    put('.gitignore', 'outputs/\nb\n');
    put('a/.gitignore', '!b\n');
    assert.deepEqual((await found()).files, ['modelthat.yaml', 'a/modelthat.yaml', 'a/b/modelthat.yaml']);
  });

  it("finds DVC's files, also beside one of ours", async () => {
    put('a/dvc.yaml');
    put('dvc/dvc.yaml');
    const { files } = await found();
    assert.deepEqual(files.filter(file => !file.includes('/b/')).sort(), [
      'a/dvc.yaml',
      'a/modelthat.yaml',
      'dvc/dvc.yaml',
      'modelthat.yaml',
    ]);
  });

  it('looks into a workspace that itself lies in an ignored folder', async () => {
    const inside = path.join(workspace, 'outputs');
    const { files } = await findPipelines(inside);
    assert.deepEqual(files, [path.join(inside, 'old', 'modelthat.yaml')]);
  });
});
