/**
 * Measures the run table in a real editor: how long after its page began to load the first rows are there, and how long
 * its frames take while 10,000 rows are scrolled over, from a trace of the browser.
 *
 *   node scripts/bench/run-table.ts --runs 100000 --trace trace.json
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { Frame, Page } from 'playwright-core';
import { STORE_FOLDER } from '../../daemon/client/store.ts';
import { startDaemon, testPlace } from '../../tests/support/daemon.ts';
import { openEditor } from '../../tests/support/editor.ts';
import { fillStore } from './fill-store.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '100000' },
    /** A folder that holds a store already, in place of a new one. */
    workspace: { type: 'string' },
    /** Where the trace is kept. */
    trace: { type: 'string' },
    /** How often the table is opened. */
    times: { type: 'string', default: '5' },
  },
});

const ROW_HEIGHT = 26;
const SCROLLED_ROWS = 10_000;
const ROWS_A_FRAME = 40;

/** What the page notes of itself, in milliseconds since it began to load. */
interface Notes {
  readonly rows: number;
  readonly whole: number;
  /** When that was, in milliseconds since the epoch. */
  readonly began: number;
}

/** Runs in every frame before its own scripts. */
const NOTE_ROWS = `
  const notes = (window.notes = { began: performance.timeOrigin });
  // Timers outlive the writing of the webview's document, which requests of frames do not.
  const looking = setInterval(() => {
    const rows = document.querySelector('[role=row] [role=gridcell] button');
    if (rows) notes.rows ??= performance.now();
    if (rows && /\\d run/.test(document.querySelector('h1')?.textContent)) notes.whole ??= performance.now();
    if (notes.whole !== undefined || performance.now() > 60_000) clearInterval(looking);
  }, 4);
`;

/** Scrolls as fast as frames come. */
const SCROLL = `new Promise(resolve => {
  const grid = document.querySelector('[role=grid]');
  const frames = [];
  let last = performance.now();
  let most = 0;
  const next = () => {
    const now = performance.now();
    frames.push(now - last);
    last = now;
    most = Math.max(most, document.querySelectorAll('[role=row]').length);
    if (grid.scrollTop >= ${SCROLLED_ROWS * ROW_HEIGHT}) return resolve({ frames, most });
    grid.scrollTop += ${ROWS_A_FRAME * ROW_HEIGHT};
    requestAnimationFrame(next);
  };
  requestAnimationFrame(next);
})`;

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'modelthat-table-'));
try {
  const workspace = values.workspace ?? (await filledWorkspace(Number(values.runs)));
  const editor = await openEditor({ fixture: workspace });
  try {
    const { page } = editor.workbench;
    await page.context().addInitScript(NOTE_ROWS);
    await page.reload();
    await editor.workbench.ready();
    await editor.workbench.viewContainer('modelthat').click();
    const row = editor.workbench.treeItem('Experiment scale 0');
    await row.waitFor({ timeout: 60_000 });
    for (let time = 0; time < Number(values.times); time += 1) {
      await row.hover();
      const asked = Date.now();
      await row.getByRole('button', { name: 'Show Run Table' }).click();
      const frame = await tableFrame(page);
      const { rows, whole, began } = await notesOf(frame);
      const shown = [rows, whole, began + rows - asked].map(Math.round);
      console.log(
        `first rows ${shown[0]} ms, all runs ${shown[1]} ms after the page began to load; first rows ${shown[2]} ms after the click`,
      );
      if (time + 1 < Number(values.times)) await editor.workbench.runCommand('View: Close All Editors');
    }
    console.log(await scroll(page, await tableFrame(page)));
  } finally {
    await editor.close();
  }
} finally {
  fs.rmSync(root, { recursive: true, force: true });
}

async function filledWorkspace(runs: number): Promise<string> {
  const place = testPlace();
  await (await startDaemon({ place })).stop();
  const filling = { runs, experiments: 10, points: 20, long: [] };
  const file = path.join(place.store, 'modelthat.db');
  await fillStore(file, filling, console.log, new AbortController().signal);
  fs.cpSync(place.store, path.join(root, 'workspace', STORE_FOLDER), { recursive: true });
  fs.writeFileSync(path.join(root, 'workspace', 'train.py'), '');
  place.remove();
  return path.join(root, 'workspace');
}

async function notesOf(frame: Frame): Promise<Notes> {
  for (;;) {
    const notes = await frame.evaluate<Partial<Notes>>('window.notes');
    if (notes.whole !== undefined) return notes as Notes;
    await frame.waitForTimeout(20);
  }
}

async function tableFrame(page: Page): Promise<Frame> {
  for (;;) {
    for (const frame of page.frames()) {
      const found = await frame.$('modelthat-runs').catch(() => null);
      if (found) return frame;
    }
    await page.waitForTimeout(20);
  }
}

/** Scrolls over rows as fast as frames come. @returns what the frames took */
async function scroll(page: Page, frame: Frame): Promise<string> {
  const browser = page.context().browser();
  await browser?.startTracing(page, {
    ...(values.trace && { path: values.trace }),
    categories: ['devtools.timeline', 'disabled-by-default-devtools.timeline', 'toplevel'],
  });
  const { frames, most } = await frame.evaluate<{ frames: number[]; most: number }>(SCROLL);
  const trace = JSON.parse(String(await browser?.stopTracing())) as { traceEvents: TraceEvent[] };
  const tasks = mainTasks(trace.traceEvents);
  const quantile = (of: number[], part: number) =>
    [...of].sort((a, b) => a - b)[Math.floor(of.length * part)]?.toFixed(1);
  return (
    `${frames.length} frames over ${SCROLLED_ROWS} rows: p50 ${quantile(frames, 0.5)} ms, p95 ${quantile(frames, 0.95)} ms; ` +
    `longest task in the trace ${Math.max(0, ...tasks).toFixed(1)} ms; at most ${most} rows in the page`
  );
}

interface TraceEvent {
  readonly name: string;
  readonly dur?: number;
}

/** How long tasks of main threads took, in milliseconds. */
function mainTasks(events: readonly TraceEvent[]): number[] {
  return events.filter(({ name }) => name === 'RunTask').map(({ dur = 0 }) => dur / 1000);
}
