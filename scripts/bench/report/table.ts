/** The results as tables in a terminal. */
import { judge } from '../goals.ts';
import { readable } from '../numbers.ts';
import { advantage, CONTESTANTS, type ContestantName, type Figure, PEERS, type Results } from '../results.ts';

/** @returns one table for each scenario, then the goals */
export function tables(results: Results): string {
  const scenarios = [...new Set(results.figures.map(({ scenario }) => scenario))];
  const parts = scenarios.map(scenario => {
    const figures = results.figures.filter(figure => figure.scenario === scenario);
    return `${scenario}\n${scenarioTable(figures)}`;
  });
  return [...parts, `goals\n${goalTable(results)}`, ...troubles(results)].join('\n\n');
}

/** Those of whom there is something to say, in their order. */
export function contestantsOf(figures: readonly Figure[]): ContestantName[] {
  return CONTESTANTS.filter(name => figures.some(({ cells }) => cells[name] !== undefined));
}

/** Those that modelthat is compared with, in their order. */
export function peersOf(figures: readonly Figure[]): ContestantName[] {
  const names = contestantsOf(figures);
  return PEERS.filter(peer => names.includes(peer));
}

function scenarioTable(figures: readonly Figure[]): string {
  const names = contestantsOf(figures);
  const peers = peersOf(figures);
  const head = ['', 'unit', ...names, ...peers.map(peer => `× ${peer}`)];
  const rows = figures.map(figure => [
    figure.name,
    figure.unit,
    ...names.map(name => cellText(figure, name)),
    ...peers.map(peer => advantageText(figure, peer)),
  ]);
  return aligned([head, ...rows], 2);
}

/** `12.3`, `> 60` for what was given up, `–` for what was left out. */
export function cellText({ cells }: Figure, name: ContestantName): string {
  const cell = cells[name];
  if (cell === undefined) return '';
  if ('skipped' in cell) return '–';
  return `${cell.over ? '> ' : ''}${readable(cell.value)}`;
}

/** How many times as good as a peer modelthat is. */
export function advantageText(figure: Figure, peer: ContestantName): string {
  const times = advantage(figure, 'modelthat', peer);
  if (times === undefined) return '';
  const cell = figure.cells[peer];
  return `${cell && 'over' in cell ? '> ' : ''}${readable(times)}`;
}

function goalTable(results: Results): string {
  const rows = judge(results).map(({ what, wanted, measured, met }) => [
    what,
    wanted,
    measured === undefined ? 'not measured' : readable(measured),
    met === undefined ? '' : met ? 'met' : 'MISSED',
  ]);
  return aligned([['', 'wanted', 'measured', ''], ...rows], 1);
}

function troubles({ absent, failures, remarks }: Results): string[] {
  const lines = [
    ...Object.entries(remarks).flatMap(([name, texts]) => texts.map(text => `${name}: ${text}`)),
    ...Object.entries(absent).map(([name, reason]) => `${name} was not measured: ${reason}`),
    ...Object.entries(failures).map(([name, reason]) => `${name} was not finished: ${reason}`),
  ];
  return lines.length > 0 ? [lines.join('\n')] : [];
}

/** @param left how many of the first columns are aligned to the left */
function aligned(rows: readonly (readonly string[])[], left: number): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) =>
        column < left ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd();
  return rows.map(row => `  ${line(row)}`).join('\n');
}
