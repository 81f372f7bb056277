/** A model card: what is known of one version on one page, as Markdown or HTML. */
import type { Evaluation } from '../contract/evaluations.ts';
import {
  CARD_TAGS,
  type CardFormat,
  type ModelVersion,
  type RegisteredModel,
  type Transition,
} from '../contract/models.ts';
import type { Run } from '../contract/runs.ts';
import type { Double } from '../contract/values.ts';

/** What a card is made from. */
export interface CardFacts {
  readonly model: RegisteredModel;
  readonly version: ModelVersion;
  /** Undefined when it is not known, or gone. */
  readonly run: Run | undefined;
  /** Of this version. */
  readonly evaluations: readonly Evaluation[];
  readonly transitions: readonly Transition[];
  /** Inputs and outputs as MLflow writes them; undefined when there is no signature. */
  readonly signature: Readonly<Record<string, string>> | undefined;
}

interface Section {
  readonly title: string;
  readonly texts: readonly string[];
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** The card as text. */
export function renderCard(facts: CardFacts, format: CardFormat): string {
  const title = `${facts.version.name} version ${facts.version.version}`;
  const sections = sectionsOf(facts).filter(({ texts, rows }) => texts.length + rows.length > 0);
  return format === 'html' ? toHtml(title, sections) : toMarkdown(title, sections);
}

function sectionsOf({ model, version, run, evaluations, transitions, signature }: CardFacts): Section[] {
  const written = (tag: string, hint: string) =>
    text(
      version.tags[tag] ?? model.tags[tag] ?? `Not written yet, in the tag ${tag} of the version. ${hint}`,
    );
  const tagged = Object.entries(run?.tags ?? {}).filter(([key]) => SHOWN_TAGS.includes(key));
  return [
    { title: 'Purpose', ...written(CARD_TAGS.purpose, 'What is it for, and who is it for?') },
    { title: 'Limits', ...written(CARD_TAGS.limits, 'Where must it not be used, and why?') },
    { title: 'Description', ...text(version.description || model.description) },
    {
      title: 'Version',
      ...table(
        ['', ''],
        [
          ['Stage', version.stage],
          ['Aliases', version.aliases.join(', ')],
          ['Registered', time(version.createdAt)],
          ['Source', version.source],
          ['Run', version.runId ?? ''],
          ['Trained by', run?.user ?? ''],
          ...tagged,
        ],
      ),
    },
    { title: 'Metrics', ...table(['Metric', 'Value'], entriesOf(version.metrics)) },
    {
      title: 'Gates',
      ...table(
        ['Gate', 'Result', 'Observed', 'Expected'],
        version.gates.map(each => [
          each.gate,
          each.passed ? 'passed' : 'failed',
          String(each.observed ?? ''),
          String(each.expected ?? ''),
        ]),
      ),
    },
    {
      title: 'Evaluations',
      ...table(['When', 'Data', 'Rows', 'Metric', 'Value', 'Against', 'Verdict'], evaluations.map(rowOf)),
    },
    { title: 'Parameters', ...table(['Parameter', 'Value'], Object.entries(run?.params ?? {})) },
    {
      title: 'Data',
      ...table(
        ['Name', 'Digest', 'Source'],
        (run?.datasets ?? []).map(each => [each.name, each.digest, each.source]),
      ),
    },
    { title: 'Signature', ...table(['', 'Columns'], Object.entries(signature ?? {})) },
    {
      title: 'Stage history',
      ...table(
        ['When', 'From', 'To', 'By', 'Reason'],
        transitions.map(each => [time(each.at), each.from, each.to, each.by, each.reason]),
      ),
    },
  ];
}

/** Of the run: code and environment. */
const SHOWN_TAGS = [
  'mlflow.source.name',
  'mlflow.source.git.commit',
  'modelthat.environment',
  'modelthat.execution',
];

function rowOf({ startTime, data, champion, result }: Evaluation): string[] {
  const { metric = '', rows = '', comparison } = result ?? {};
  const against = comparison ? `version ${champion} (${comparison.champion})` : '';
  const value = String(result?.metrics[metric] ?? '');
  return [time(startTime), data, String(rows), metric, value, against, comparison?.verdict ?? ''];
}

function text(content: string): Omit<Section, 'title'> {
  return { texts: content.trim() === '' ? [] : [content.trim()], columns: [], rows: [] };
}

/** Rows without a value are left out. */
function table(columns: readonly string[], rows: readonly (readonly string[])[]): Omit<Section, 'title'> {
  return { texts: [], columns, rows: rows.filter(([, ...values]) => values.some(value => value !== '')) };
}

function entriesOf(metrics: Readonly<Record<string, Double>>): string[][] {
  return Object.entries(metrics).map(([key, value]) => [key, String(value)]);
}

function time(at: number): string {
  return new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');
}

function toMarkdown(title: string, sections: readonly Section[]): string {
  const row = (cells: readonly string[]) => `| ${cells.map(plain).join(' | ')} |`;
  const parts = sections.flatMap(({ title: heading, texts, columns, rows }) => [
    `## ${heading}`,
    // What people write is Markdown, but no HTML.
    ...texts.map(each => each.replaceAll('<', '&lt;')),
    ...(rows.length > 0 ? [[row(columns), row(columns.map(() => '---')), ...rows.map(row)].join('\n')] : []),
  ]);
  return `${[`# ${plain(title)}`, ...parts].join('\n\n')}\n`;
}

/** Text as it is, in one cell of a table. */
function plain(content: string): string {
  if (content === '---') return content;
  return content.replace(/[\\`*_[\]<>|#]/g, '\\$&').replace(/\s*\n\s*/g, ' ');
}

function toHtml(title: string, sections: readonly Section[]): string {
  const cells = (tag: 'td' | 'th', row: readonly string[]) =>
    `<tr>${row.map(cell => `<${tag}>${escapeHtml(cell)}</${tag}>`).join('')}</tr>`;
  const parts = sections.map(({ title: heading, texts, columns, rows }) => {
    const head = columns.some(column => column !== '') ? cells('th', columns) : '';
    const body = rows.map(row => cells('td', row)).join('\n');
    const written = texts.map(each => `<p>${escapeHtml(each)}</p>`).join('\n');
    return `<h2>${heading}</h2>\n${written}${rows.length > 0 ? `<table>\n${head}${body}\n</table>` : ''}`;
  });
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeHtml(title)}</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color-scheme: light dark }
table { border-collapse: collapse } td, th { border: 1px solid #8888; padding: .3rem .6rem; text-align: left }
td { overflow-wrap: anywhere } p { white-space: pre-wrap }
</style>
</head>
<body>
<h1>${escapeHtml(title)}</h1>
${parts.join('\n')}
</body>
</html>
`;
}

function escapeHtml(content: string): string {
  return content
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
