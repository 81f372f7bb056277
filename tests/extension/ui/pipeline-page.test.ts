import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { useEditor } from '../../support/editor.ts';

const fixture = path.resolve(import.meta.dirname, '../graph-workspace');

describe('the page of a pipeline', () => {
  const editor = useEditor({ fixture });
  let violations: readonly string[];

  const page = () => editor().workbench.webview();
  const node = (state: string) => page().locator(`.node[aria-label^=${JSON.stringify(`Step ${state}`)}]`);
  const button = (name: string) => page().getByRole('button', { name });

  /** Of the header. */
  const action = (name: string) =>
    page().locator('header modelthat-button', { hasText: new RegExp(`^\\s*${name}\\s*$`) });

  before(async () => {
    const { workbench } = editor();
    violations = workbench.policyViolations();
    await workbench.viewContainer('modelthat').click();
    const row = workbench.treeItem('Pipeline shop, never run');
    await row.hover();
    await row.getByRole('button', { name: 'Show Pipeline' }).click();
  });

  it('shows what the next execution would do, and why, before anything was run', async () => {
    await page().getByRole('heading', { name: 'shop' }).waitFor();
    await page().getByText('5 of 5 steps run').waitFor();
    await node('load, runs').waitFor();
    await page().getByRole('option', { name: 'Next', selected: true }).waitFor();
  });

  it('runs the pipeline, with the state of each step as it goes', async () => {
    await action('Run').click();
    await page().getByRole('heading', { name: 'shop #1' }).waitFor();
    await node('load, succeeded').waitFor();
    await node('train, running').waitFor();
    await node('report, pending').waitFor();
    await page().getByRole('option', { name: '#1', selected: true }).waitFor();
  });

  it('shows the log of a step, follows it, and keeps its colours', async () => {
    await node('train, running').click();
    const log = page().getByRole('region', { name: 'Log of train' });
    await log.getByText('epoch 0').waitFor();
    const color = await log.getByText('warm', { exact: true }).evaluate(span => getComputedStyle(span).color);
    assert.notEqual(color, await log.evaluate(element => getComputedStyle(element).color));
    assert.equal(await log.getByText('50 %').count(), 0, 'what a carriage return took back is shown');
    await log.getByText('100 %').waitFor();
    writeFileSync(path.join(editor().folder, 'go-on'), '');
    await log.getByText('trained').waitFor();
  });

  it('searches the log', async () => {
    const search = page().getByRole('searchbox', { name: 'Search the log' });
    await search.fill('EPOCH');
    await page().getByText('3 of 3').waitFor();
    await search.press('Enter');
    await page().getByText('1 of 3').waitFor();
    await button('Previous result').click();
    await page().getByText('3 of 3').waitFor();
  });

  it('says what a person has to decide, and takes the decision', async () => {
    await node('approve, waiting').click();
    await page().locator('.detail').getByRole('button', { name: 'Approve…' }).click();
    await editor().workbench.answer('Approve approve', 'fine');
    await page().locator('.pill', { hasText: 'succeeded' }).waitFor();
    await node('report, succeeded').waitFor();
  });

  it('marks the chain of steps that the end waited for', async () => {
    await page()
      .getByText(/critical path: load → train → approve → report/)
      .waitFor();
    await page()
      .getByRole('button', { name: /^Step train,.*on the critical path/ })
      .waitFor();
    assert.equal(
      await page()
        .getByRole('button', { name: /^Step check,.*on the critical path/ })
        .count(),
      0,
    );
  });

  it('is walked through with the arrow keys, which follow the edges', async () => {
    const { keyboard } = editor().workbench.page;
    await node('load, succeeded').focus();
    const focused = () => page().locator('.node:focus').getAttribute('data-node');
    await keyboard.press('ArrowDown');
    const first = await focused();
    assert.ok(first === 'train' || first === 'check', `${first} is focused`);
    await keyboard.press(first === 'train' ? 'ArrowRight' : 'ArrowLeft');
    const across = await focused();
    await keyboard.press('ArrowUp');
    assert.equal(await focused(), 'load', `came from ${across}`);
    await keyboard.type('rep');
    assert.equal(await focused(), 'report');
    await keyboard.press('Enter');
    await page().getByRole('region', { name: 'Log of report' }).waitFor();
  });

  it('has a table with all that the graph says', async () => {
    await button('Table').click();
    const row = page().getByRole('row', { name: /report/ });
    await row.getByText('succeeded').waitFor();
    await row.getByText('approve, check').waitFor();
    await button('Graph').click();
  });

  it('plans again when a file is saved that a step depends on', async () => {
    await action('Plan').click();
    await node('check, skipped').waitFor();
    const { workbench, folder } = editor();
    await workbench.runCommand('modelthat: Open Pipeline File');
    await workbench.statusBarItem('Ln 1, Col 1').waitFor();
    const file = path.join(folder, 'rules.txt');
    writeFileSync(file, `${readFileSync(file, 'utf8')}more\n`);
    await workbench.runCommand('modelthat: Plan Pipeline');
    await node('check, runs').waitFor();
    await page()
      .getByRole('button', { name: /^Step check, runs, .*rules.txt/ })
      .waitFor();
  });

  it('runs a step and what follows it', async () => {
    await node('check, runs').click();
    await button('Run from here').click();
    await page().getByRole('heading', { name: 'shop #2' }).waitFor();
    await node('check, succeeded').waitFor();
    await node('train, skipped').waitFor();
    await page().locator('.pill', { hasText: 'succeeded' }).waitFor();
    await page().getByRole('option', { name: '#1' }).click();
    await page().getByRole('heading', { name: 'shop #1' }).waitFor();
  });

  it('searches the whole of a log that is larger than the part that it shows', async () => {
    await page().getByRole('option', { name: '#2' }).click();
    await node('check, succeeded').click();
    const log = page().getByRole('region', { name: 'Log of check' });
    await log.getByText('row 39999 fits').waitFor();
    assert.equal(await log.getByText('row 10 odd').count(), 0);
    const search = page().getByRole('searchbox', { name: 'Search the log' });
    await search.fill('ODD');
    await page().getByText('3 of 3').waitFor();
    await button('Previous result').click();
    await log.getByText('row 20000 odd').waitFor();
    await page().getByText('2 of 3').waitFor();
    assert.equal(await log.getByText('row 39990 odd').count(), 0);
    await search.fill('row 39999');
    await page().getByText('1 elsewhere').waitFor();
    await search.press('Enter');
    await page().getByText('1 of 1').waitFor();
    await search.fill('');
  });

  it('opens the places in files that a log has', async () => {
    const log = page().getByRole('region', { name: 'Log of check' });
    await log.getByRole('link', { name: 'rules.txt:1' }).click();
    const { workbench } = editor();
    await workbench.page.getByRole('tab', { name: 'rules.txt' }).waitFor();
    await workbench.runCommand('modelthat: Show Pipeline');
    await page().getByRole('option', { name: '#1' }).click();
    await page().getByRole('heading', { name: 'shop #1' }).waitFor();
  });

  it('has beside it, in the tree, what is stale and what a step came to before', async () => {
    const { workbench, folder } = editor();
    const file = path.join(folder, 'rules.txt');
    writeFileSync(file, `${readFileSync(file, 'utf8')}still more\n`);
    await workbench.runCommand('modelthat: Refresh');
    const check = workbench.treeItem('Step check, succeeded');
    await workbench.treeItem('stale: rules.txt changed').waitFor();
    await workbench.treeItem('Pipeline shop, succeeded').filter({ hasText: '1 step stale' }).waitFor();
    await check.locator('.monaco-tl-twistie').click();
    for (const number of [2, 1]) await workbench.treeItem(`In shop #${number}, succeeded`).waitFor();
  });

  it('opens the definition of a step at its line', async () => {
    const { workbench } = editor();
    await node('train, succeeded').click();
    await button('Open definition').click();
    await workbench.statusBarItem('Ln 6, Col 1').waitFor();
    await workbench.runCommand('modelthat: Show Pipeline');
  });

  it('is there again after the window was reloaded, with what was chosen', async function () {
    // The whole editor starts anew, which takes its time on a busy machine.
    this.timeout(150_000);
    const { workbench } = editor();
    await page().getByRole('heading', { name: 'shop #1' }).waitFor();
    await workbench.runCommand('Developer: Reload Window');
    await workbench.treeItem('Pipeline shop, succeeded').waitFor({ timeout: 90_000 });
    await page().getByRole('heading', { name: 'shop #1' }).waitFor();
    await page().getByRole('region', { name: 'Log of train' }).getByText('trained').waitFor();
  });

  it('breaks no rule of its content security policy', () => {
    assert.deepEqual(violations, []);
  });
});

/** Runs in the page. */
declare function getComputedStyle(element: unknown): { readonly color: string };
