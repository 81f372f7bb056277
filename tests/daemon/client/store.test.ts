import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { findStore, STORE_FOLDER, storeFor } from '../../../daemon/client/store.ts';

describe('the store of a folder', () => {
  let root: string;
  let home: string | undefined;

  const folder = (...parts: string[]) => {
    const made = path.join(root, ...parts);
    fs.mkdirSync(made, { recursive: true });
    return made;
  };
  const storeIn = (...parts: string[]) => folder(...parts, STORE_FOLDER);

  beforeEach(() => {
    root = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'modelthat-')));
    home = process.env.HOME;
  });
  afterEach(() => {
    process.env.HOME = home;
    fs.rmSync(root, { recursive: true });
  });

  it('is the nearest one above it', () => {
    storeIn();
    const near = storeIn('project');
    assert.equal(findStore(folder('project', 'src', 'deep')), near);
  });

  it('is never one above the repository that the folder lies in', () => {
    storeIn();
    folder('repository', '.git');
    const source = folder('repository', 'src');
    assert.equal(findStore(source), undefined);
    assert.equal(storeFor(source), path.join(root, 'repository', STORE_FOLDER));
  });

  it('is never that of the home folder, except in the home folder itself', () => {
    const own = storeIn('home');
    process.env.HOME = folder('home');
    assert.equal(findStore(folder('home', 'project')), undefined);
    assert.equal(findStore(folder('home')), own);
  });

  it('is to be made in the nearest project folder', () => {
    fs.writeFileSync(path.join(folder('project'), 'modelthat.yaml'), '');
    assert.equal(storeFor(folder('project', 'src')), path.join(root, 'project', STORE_FOLDER));
  });
});
