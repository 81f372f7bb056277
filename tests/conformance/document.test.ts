import assert from 'node:assert/strict';
import fs from 'node:fs';
import { COMPATIBILITY, withDifferences } from './document.ts';

describe('docs/compatibility.md', () => {
  it('shows the present list of differences', () => {
    const page = fs.readFileSync(COMPATIBILITY, 'utf8');
    assert.equal(page, withDifferences(page), 'run: node tests/conformance/document.ts');
  });
});
