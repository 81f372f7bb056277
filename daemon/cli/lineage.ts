/** `modelthat lineage | lineage export | affected`. */
import fs from 'node:fs/promises';
import path from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  type Affected,
  type DataNode,
  getAffected,
  getLineage,
  getOpenLineage,
  type LeftOut,
  LINEAGE_DEPTH,
  LINEAGE_NODES,
  type LineageDirection,
  type LineageGraph,
  type LineageNode,
  NODE_FORMS,
  type OpenLineageEvent,
  sendOpenLineage,
} from '../contract/lineage.ts';
import { Context } from './context.ts';
import { formatTime, print, printJson, printTable, say, style } from './output.ts';

/** Digits of a digest that people see. */
const SHOWN_DIGITS = 12;

export function register(program: Command): void {
  const lineage = program
    .command('lineage')
    .argument('<node>', `${NODE_FORMS}; a path or name/version alone will do`)
    .description('what something came from, and what came of it: data, steps, runs, versions, deployments')
    .addOption(new Option('--upstream', 'only what it came from').conflicts('downstream'))
    .option('--downstream', 'only what came of it')
    .option('--depth <n>', `so many steps away at most, ${LINEAGE_DEPTH.default} unless given`, parseCount)
    .option('--limit <n>', `so many nodes at most, ${LINEAGE_NODES.default} unless given`, parseCount)
    .action(show);
  lineage
    .command('export')
    .argument('[node]', 'only what this came from and led to; everything unless given')
    .description('write events of OpenLineage to a file, one a line, or send them to a receiver')
    .requiredOption('--openlineage <file or URL>', '- is the standard output')
    .addHelpText('after', '\nA receiver gets OPENLINEAGE_API_KEY of the environment as its bearer token.')
    .action(exportEvents);
  program
    .command('affected')
    .argument('<what>', 'path of a file or folder, or a digest or its beginning')
    .description('the versions and deployments that would be affected if this file is wrong')
    .action(affected);
}

function parseCount(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Write a number, such as 3.');
}

interface Options {
  readonly upstream?: boolean;
  readonly downstream?: boolean;
  readonly depth?: number;
  readonly limit?: number;
}

function directionOf({ upstream, downstream }: Options): LineageDirection | undefined {
  if (upstream) return 'upstream';
  return downstream ? 'downstream' : undefined;
}

async function show(what: string, options: Options, command: Command): Promise<void> {
  const context = new Context(command);
  const direction = directionOf(options);
  const { depth, limit } = options;
  const query = {
    node: nodeMeant(what),
    ...(direction && { direction }),
    ...(depth !== undefined && { depth }),
    ...(limit !== undefined && { limit }),
  };
  const graph = await (await context.client()).call(getLineage, { query });
  if (context.json) {
    printJson(graph);
    return;
  }
  printGraph(graph, direction === undefined ? ['upstream', 'downstream'] : [direction]);
}

/** The node that a person means, where the text does not say what kind it is of. */
function nodeMeant(text: string): string {
  if (/^(?:step|run|model|evaluation|deployment):/.test(text)) return text;
  if (text.startsWith('data:')) return dataNode(text.slice('data:'.length));
  if (/^[0-9a-f]{32}$/.test(text)) return `run:${text}`;
  if (/^[^/\\]+\/(?:[1-9]\d*|none|staging|production|archived)$/i.test(text)) return `model:${text}`;
  return dataNode(text);
}

/** A path that is relative is so to the folder that the command is called in, if it is there. */
function dataNode(text: string): string {
  const [, place = text, digest = ''] = /^(.+?)(@[^@/\s]{6,128})?$/.exec(text) ?? [];
  return `data:${placeMeant(place)}${digest}`;
}

function placeMeant(text: string): string {
  const isAddress = /^[a-z][a-z0-9+.-]+:\/\//i.test(text);
  return isAddress ? text : path.resolve(text);
}

function printGraph(graph: LineageGraph, directions: readonly LineageDirection[]): void {
  const nodes = new Map(graph.nodes.map(node => [node.id, node]));
  for (const direction of directions) {
    print(style('bold', direction === 'upstream' ? 'Came from' : 'Led to'));
    printTree(graph, nodes, direction);
  }
  for (const remark of graph.remarks) say(remark);
  sayLeftOut(graph.leftOut);
}

function printTree(
  { start, edges }: LineageGraph,
  nodes: ReadonlyMap<string, LineageNode>,
  direction: LineageDirection,
): void {
  const printed = new Set<string>();
  const besides = (id: string) =>
    edges.flatMap(({ from, to, relation }) => {
      if (direction === 'upstream' && to === id) return [{ id: from, relation }];
      return direction === 'downstream' && from === id ? [{ id: to, relation }] : [];
    });
  const descend = (id: string, lead: string, below: string, relation: string): void => {
    const node = nodes.get(id);
    const again = printed.has(id) && besides(id).length > 0;
    print(`${lead}${relation}${node ? describe(node) : id}${again ? ' (see above)' : ''}`);
    if (printed.has(id)) return;
    printed.add(id);
    const next = besides(id);
    for (const [at, { id: other, relation: how }] of next.entries()) {
      const last = at === next.length - 1;
      descend(
        other,
        `${below}${last ? '└─ ' : '├─ '}`,
        `${below}${last ? '   ' : '│  '}`,
        `${style('dim', how)} `,
      );
    }
  };
  descend(start, '', '', '');
}

function describe(node: LineageNode): string {
  const text = [node.id, ...factsOf(node)].join('  ');
  // Names come from anywhere: nothing in them steers the terminal.
  return text.replace(/\p{Cc}/gu, '�');
}

function factsOf(node: LineageNode): string[] {
  switch (node.kind) {
    case 'data':
      return dataFacts(node);
    case 'step':
      return [
        node.executionName,
        node.status,
        formatTime(node.startTime),
        ...(node.code?.commit ? [`commit ${node.code.commit.slice(0, SHOWN_DIGITS)}`] : []),
        ...(node.code?.dirty ? ['with changes'] : []),
        ...Object.entries(node.params).map(([key, value]) => `${key}=${JSON.stringify(value)}`),
        ...(node.environment ? [`environment ${node.environment.slice(0, SHOWN_DIGITS)}`] : []),
      ];
    case 'run':
      return [
        node.label,
        node.status?.toLowerCase() ?? '',
        formatTime(node.startTime),
        ...(node.commit ? [`commit ${node.commit.slice(0, SHOWN_DIGITS)}`] : []),
      ];
    case 'model':
      return [node.stage, ...node.aliases.map(alias => `@${alias}`), formatTime(node.createdAt)];
    case 'evaluation':
      return [node.label, node.status.toLowerCase(), formatTime(node.startTime)];
    case 'deployment':
      return [node.path, `version ${node.version}`, node.state];
  }
}

function dataFacts({ dvc, rows, schema, size }: DataNode): string[] {
  return [
    ...(dvc === null ? [] : ['of DVC']),
    ...(size === null ? [] : [`${size} bytes`]),
    ...(rows === null ? [] : [`${rows} rows`]),
    ...(schema === null ? [] : [`${schema.length} columns`]),
  ];
}

function sayLeftOut(leftOut: readonly LeftOut[]): void {
  if (leftOut.length === 0) return;
  const count = leftOut.reduce((sum, each) => sum + each.count, 0);
  const [first] = leftOut;
  say(
    `At least ${count} more are left out${first ? `, the first ${first.direction} of ${first.node}` : ''}: ask with a greater ` +
      '--depth or --limit, or from there on.',
  );
}

async function exportEvents(
  what: string | undefined,
  { openlineage: target }: { openlineage: string },
  command: Command,
): Promise<void> {
  const context = new Context(command);
  const client = await context.client();
  const node = what === undefined ? {} : { node: nodeMeant(what) };
  const isUrl = /^https?:/i.test(target);
  const exported = isUrl
    ? await client.call(sendOpenLineage, { body: { ...node, url: target, ...apiKey() } })
    : await writeEvents(await client.call(getOpenLineage, { query: node }), target);
  if (context.json && target !== '-') printJson(exported);
  else if (isUrl) say(`${exported.sent} events sent to ${target}`);
  else if (target !== '-') say(`${exported.sent} events written to ${path.resolve(target)}`);
  for (const remark of exported.remarks) say(remark);
  if (exported.leftOut > 0) say(`${exported.leftOut} nodes are left out.`);
}

function apiKey(): { apiKey?: string } {
  const { OPENLINEAGE_API_KEY: key } = process.env;
  return key ? { apiKey: key } : {};
}

async function writeEvents(
  { events, ...rest }: { events: readonly OpenLineageEvent[]; leftOut: number; remarks: string[] },
  file: string,
) {
  const lines = events.map(event => `${JSON.stringify(event)}\n`).join('');
  if (file === '-') process.stdout.write(lines);
  else await fs.writeFile(file, lines);
  return { sent: events.length, ...rest };
}

async function affected(what: string, _options: unknown, command: Command): Promise<void> {
  const context = new Context(command);
  const isDigest = /^[0-9a-f]{8,64}(?:\.dir)?$/i.test(what);
  const client = await context.client();
  const found = await client.call(getAffected, { query: { what: isDigest ? what : placeMeant(what) } });
  if (context.json) printJson(found);
  else printAffected(found);
}

function printAffected({ data, versions, deployments, steps, runs, remarks, leftOut }: Affected): void {
  print(`${style('bold', 'Data')}`);
  for (const node of data) print(`  ${describe(node)}`);
  print('');
  printTable(
    versions,
    [
      { title: 'MODEL', value: each => each.name },
      { title: 'VERSION', value: each => each.version, align: 'right' },
      { title: 'STAGE', value: each => each.stage },
      { title: 'WAS', value: each => each.by },
      { title: 'BY WAY OF', value: each => each.way.slice(1, -1).join(' → ') },
    ],
    'No version of a model descends from it.',
  );
  if (deployments.length > 0) {
    print('');
    printTable(deployments, [
      { title: 'DEPLOYMENT', value: each => each.label },
      { title: 'VERSION', value: each => each.version, align: 'right' },
      { title: 'STATE', value: each => each.state },
      { title: 'REQUESTS', value: each => each.path },
    ]);
  }
  say(`Between them: ${steps} steps, ${runs} runs.`);
  for (const remark of remarks) say(remark);
  sayLeftOut(leftOut);
}
