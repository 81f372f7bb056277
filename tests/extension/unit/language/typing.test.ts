import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { completionsAt } from '../../../../extension/language/completion/complete.ts';
import { hoverAt } from '../../../../extension/language/hover.ts';
import { definitionAt, linksIn, referencesAt } from '../../../../extension/language/navigation.ts';
import { Project } from '../../../../extension/language/project.ts';
import { symbolsOf } from '../../../../extension/language/symbols.ts';
import { TypedProject } from '../../../support/language.ts';

const EXAMPLE = path.resolve(import.meta.dirname, '../../../../examples/store-sales');

describe('while a file is typed', () => {
  const whole = fs.readFileSync(path.join(EXAMPLE, 'modelthat.yaml'), 'utf8');
  const parameters = fs.readFileSync(path.join(EXAMPLE, 'params.yaml'), 'utf8');

  /** What is seen of a text up to a place, with or without what follows. */
  const look = async (text: string) => {
    const project = new TypedProject({ 'modelthat.yaml': text, 'params.yaml': parameters });
    const [files, file, offset] = project.cursor;
    const pipeline = (await Project.read(files, file)).pipeline(file);
    assert.ok(pipeline);
    return {
      offered: await completionsAt(files, project.facts, file, offset),
      hover: await hoverAt(files, project.facts, file, offset),
      definition: await definitionAt(files, file, offset),
      references: await referencesAt(files, file, offset, { declaration: true }),
      links: await linksIn(files, file),
      outline: symbolsOf(pipeline),
    };
  };
  // Every few characters, so that it falls on all kinds of places.
  const places = Array.from({ length: Math.floor(whole.length / 7) }, (_, index) => index * 7);

  it('all is answered at every place, and what is replaced is on the cursor’s line', async () => {
    for (const place of places) {
      const { offered } = await look(`${whole.slice(0, place)}|${whole.slice(place)}`);
      const lineStart = whole.lastIndexOf('\n', place - 1) + 1;
      for (const { label, span } of offered) {
        assert.ok(
          span.start >= lineStart && span.start <= place && place <= span.end,
          `${label} at ${place}`,
        );
        assert.ok(!whole.slice(span.start, span.end).includes('\n'), `${label} at ${place}`);
      }
    }
  });

  it('all is answered where the rest is not there yet', async () => {
    for (const place of places) await look(`${whole.slice(0, place)}|`);
  });
});
