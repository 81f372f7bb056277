/** All that is known of one node. */
import { html, nothing, type TemplateResult } from 'lit';
import type { DataNode, LineageNode, RunNode, StepNode } from '../../daemon/contract/lineage.ts';
import { factList } from '../ui/fact-list.ts';

type Fact = readonly [name: string, value: unknown];

/** Fields of a schema that are listed. */
const LISTED_FIELDS = 100;

/** What is opened by a node's button. */
export function openingOf(node: LineageNode): string | undefined {
  switch (node.kind) {
    case 'data':
      return node.file === null ? undefined : 'Open file';
    case 'step':
      return 'Open pipeline';
    case 'run':
      return node.status === null ? undefined : 'Open run';
    case 'evaluation':
      return 'Open run';
    case 'model':
    case 'deployment':
      return 'Open model';
  }
}

/** Lists of facts, each with its title. */
export function nodeFacts(node: LineageNode): (TemplateResult | typeof nothing)[] {
  switch (node.kind) {
    case 'data':
      return dataFacts(node);
    case 'step':
      return stepFacts(node);
    case 'run':
      return runFacts(node);
    case 'evaluation':
      return [
        factList('Evaluation', [
          ['State', node.status.toLowerCase()],
          ['Started', time(node.startTime)],
          ['Run ID', node.runId],
        ]),
      ];
    case 'model':
      return [
        factList('Version', [
          ['Stage', node.stage],
          ...known('Aliases', node.aliases.join(', ')),
          ['Registered', time(node.createdAt)],
        ]),
      ];
    case 'deployment':
      return [
        factList('Deployment', [
          ['Version', node.version],
          ['State', node.state],
          ['Requests', html`<code>${node.path}</code>`],
        ]),
      ];
  }
}

function dataFacts(node: DataNode): (TemplateResult | typeof nothing)[] {
  const { schema } = node;
  return [
    factList('Data', [
      ['Path', node.path],
      ...known('Digest', node.digest === node.dvc ? null : node.digest),
      ...known('Version of DVC', node.dvc),
      ...known('Bytes', node.size?.toLocaleString()),
      ...known('Rows', node.rows?.toLocaleString()),
    ]),
    factList(
      'Schema',
      (schema ?? []).slice(0, LISTED_FIELDS).map(({ name, type }): Fact => [name, type]),
    ),
    schema && schema.length > LISTED_FIELDS
      ? html`<p class="faint">${schema.length - LISTED_FIELDS} more fields</p>`
      : nothing,
  ];
}

function stepFacts(node: StepNode): (TemplateResult | typeof nothing)[] {
  const { code } = node;
  return [
    factList('Step', [
      ['Execution', node.executionName],
      ['State', node.status],
      ...known('Started', node.startTime === null ? null : time(node.startTime)),
      ...(node.command === null ? [] : [['Command', html`<code>${node.command}</code>`] as const]),
    ]),
    factList('Code', [
      ...known('Commit', code?.commit),
      ...known('Branch', code?.branch),
      ...known('Repository', code?.repository),
      ...(code?.dirty ? [['Changes', 'more than the commit'] as const] : []),
      ...known('Archive', code?.archive),
      ...known('Environment', node.environment),
    ]),
    factList(
      'Parameters',
      Object.entries(node.params).map(([name, value]): Fact => [name, JSON.stringify(value)]),
    ),
  ];
}

function runFacts(node: RunNode): (TemplateResult | typeof nothing)[] {
  return [
    factList('Run', [
      ['State', node.status === null ? 'permanently deleted' : node.status.toLowerCase()],
      ...known('Started', node.startTime === null ? null : time(node.startTime)),
      ...known('User', node.user),
      ...known('Source', node.source),
      ...known('Commit', node.commit),
      ['Run ID', node.runId],
    ]),
    factList('Parameters', Object.entries(node.params)),
  ];
}

function known(name: string, value: string | null | undefined): Fact[] {
  return value ? [[name, value]] : [];
}

function time(at: number): string {
  return new Date(at).toLocaleString();
}
