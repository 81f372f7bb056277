/** The pages in docs/benchmarks, from a results file alone. */
import fs from 'node:fs';
import path from 'node:path';
import { judge } from '../goals.ts';
import { readable } from '../numbers.ts';
import { CONTESTANTS, type Figure, type Results } from '../results.ts';
import { scenarios } from '../scenarios.ts';
import { chart, machineLine, versionLine } from './chart.ts';
import { advantageText, cellText, contestantsOf, peersOf } from './table.ts';

const RESULTS_FILE = 'results.json';

/** Writes `README.md`, the charts and the results themselves into a folder, in place of those of before. */
export function writeDocument(folder: string, results: Results): void {
  fs.mkdirSync(folder, { recursive: true });
  for (const name of fs.globSync('*.svg', { cwd: folder })) fs.rmSync(path.join(folder, name));
  const write = (name: string, text: string) => fs.writeFileSync(path.join(folder, name), text);
  write(RESULTS_FILE, `${JSON.stringify(results, null, 2)}\n`);
  const sections = measured(results).map(({ name, about, figures }) => {
    const charts = byUnit(figures).map(({ unit, better, figures }, index) => {
      const file = index === 0 ? `${name}.svg` : `${name}-${index + 1}.svg`;
      write(file, chart(sentence(about), figures, results));
      return `![${name}, in ${unit}, ${better} is better](${file})`;
    });
    return [
      `## ${name}`,
      `${sentence(about)}.`,
      charts.join('\n\n'),
      figureTable(figures),
      remarks(figures, results.remarks[name]),
    ]
      .filter(part => part !== '')
      .join('\n\n');
  });
  write('README.md', `${[...introduction(results), goals(results), ...sections].join('\n\n')}\n`);
}

function measured({ figures }: Results) {
  return scenarios
    .map(({ name, about }) => ({
      name,
      about,
      figures: figures.filter(figure => figure.scenario === name),
    }))
    .filter(({ figures }) => figures.length > 0);
}

/** Figures that can share an axis. */
function byUnit(figures: readonly Figure[]) {
  const groups = Map.groupBy(figures.filter(hasValue), ({ unit, better }) => `${unit} ${better}`);
  return [...groups.values()].map(group => ({
    unit: group[0]?.unit ?? '',
    better: group[0]?.better ?? 'less',
    figures: group,
  }));
}

const hasValue = ({ cells }: Figure) => Object.values(cells).some(cell => 'value' in cell && cell.value > 0);

const sentence = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

function introduction(results: Results): string[] {
  const minutes = Math.max(1, Math.round(results.seconds / 60));
  return [
    '# Benchmarks',
    'Written by `npm run bench -- --write` from what it measured; nothing here is typed by hand. All contestants were measured in the same run, one after the other in turns, with their own defaults: only the ratios say something about another machine.',
    [
      `- Machine: ${machineLine(results.machine)}; load before the run ${readable(results.loadBefore)}`,
      `- Contestants: ${versionLine(results, CONTESTANTS)}`,
      `- ${results.quick ? 'Small sizes (`--quick`): the figures mean little. ' : ''}Took ${minutes} min; every value is the median of its rounds, which are in [${RESULTS_FILE}](${RESULTS_FILE})`,
      ...Object.entries(results.absent).map(([name, reason]) => `- ${name} was not measured: ${reason}`),
      ...Object.entries(results.failures).map(([name, reason]) => `- ${name} was not finished: ${reason}`),
    ].join('\n'),
  ];
}

function goals(results: Results): string {
  const rows = judge(results).map(({ what, wanted, measured, met }) => {
    const verdict = met === undefined ? '' : met ? 'met' : '**missed**';
    return [what, wanted, measured === undefined ? 'not measured' : readable(measured), verdict];
  });
  return `## Goals\n\n${markdownTable(['what', 'wanted', 'measured', ''], rows, 1)}`;
}

function figureTable(figures: readonly Figure[]): string {
  const names = contestantsOf(figures);
  const peers = peersOf(figures);
  const rows = figures.map(figure => [
    figure.name,
    figure.unit,
    ...names.map(name => cellText(figure, name)),
    ...peers.map(peer => advantageText(figure, peer)),
  ]);
  return markdownTable(['', 'unit', ...names, ...peers.map(peer => `× ${peer}`)], rows, 2);
}

/** Why some cells hold no value, and what else is to be known. */
function remarks(figures: readonly Figure[], others: readonly string[] = []): string {
  const reasons = figures.flatMap(({ cells }) =>
    Object.entries(cells).flatMap(([name, cell]) => ('skipped' in cell ? [`${name}: ${cell.skipped}`] : [])),
  );
  const left = reasons.length > 0 ? [`– ${[...new Set(reasons)].join('; ')}.`] : [];
  return [...left, ...new Set(others)].join('\n\n');
}

/** @param left how many of the first columns are aligned to the left */
function markdownTable(head: readonly string[], rows: readonly (readonly string[])[], left: number): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rule = head.map((_, column) => (column < left ? '---' : '---:'));
  return [line(head), line(rule), ...rows.map(line)].join('\n');
}
