import type { ApprovalRequest } from '../../daemon/contract/approvals.ts';
import { formatAge, formatMetric } from '../../daemon/contract/display.ts';
import {
  judgingMetric,
  type ModelSummary,
  type ModelVersion,
  STAGES,
  type Stage,
} from '../../daemon/contract/models.ts';
import { COLOR, type Icon, markdownTable, plain, type Row } from './row.ts';

const STAGE_ICON: Record<Stage, Icon> = {
  None: { name: 'circle-large-outline' },
  Staging: { name: 'beaker', color: COLOR.active },
  Production: { name: 'pass-filled', color: COLOR.good },
  Archived: { name: 'archive', color: COLOR.faint },
};

/** Stages as they stand below a model: what is used first. */
export const STAGE_ORDER: readonly Stage[] = ['Production', 'Staging', 'None', 'Archived'];
/** Models are opened from the start while there are no more than so many. */
const FEW_MODELS = 5;

/**
 * The line of a registered model, with the versions that are in use.
 *
 * @param waiting how many of its versions wait for approval
 * @param siblings how many models there are
 */
export function modelRow(store: string, model: ModelSummary, waiting: number, siblings: number): Row {
  const staged = (['Production', 'Staging'] as const).flatMap(stage => {
    const found = model.stages.find(candidate => candidate.stage === stage);
    return found ? [`${stage} v${found.newest}`] : [];
  });
  const facts = [
    ...(staged.length > 0 ? staged : ['in no stage']),
    ...(waiting > 0 ? [`${waiting} to approve`] : []),
  ];
  const used = model.stages.some(({ stage }) => stage === 'Production');
  return {
    id: idOf(`${store}/model/${model.name}`, model.stages.length > 0),
    label: model.name,
    description: facts.join(' · '),
    icon: { name: 'package' },
    kind: used ? 'model.used' : 'model',
    opens: model.stages.length === 0 ? 'never' : siblings > FEW_MODELS ? 'closed' : 'open',
    spoken: `Model ${model.name}, ${facts.join(', ')}`,
    tooltip: [`**${plain(model.name)}**`, plain(model.description)].filter(Boolean).join('\n\n'),
  };
}

/** A line that could not be opened would stay closed under the same id once there is something below it. */
function idOf(id: string, hasVersions: boolean): string {
  return hasVersions ? id : `${id}/empty`;
}

/** The line of a stage of a model. Stages without versions are shown, too: versions can be dropped on them. */
export function stageRow(store: string, model: ModelSummary, stage: Stage): Row {
  const found = model.stages.find(candidate => candidate.stage === stage);
  const count = found?.count ?? 0;
  const description = count === 0 ? 'no version' : count === 1 ? '' : `${count.toLocaleString()} versions`;
  return {
    id: idOf(`${store}/stage/${model.name}/${stage}`, count > 0),
    label: stage,
    description,
    icon: STAGE_ICON[stage],
    kind: ['stage', stage.toLowerCase(), ...(count > 0 ? ['used'] : [])].join('.'),
    opens: count === 0 ? 'never' : stage === 'Archived' ? 'closed' : 'open',
    spoken: `Stage ${stage} of ${model.name}, ${count} version${count === 1 ? '' : 's'}`,
  };
}

/** What else a version's line tells. */
export interface VersionContext {
  /** Names of metrics, those that matter first. */
  readonly goals: readonly string[];
  /** The request that waits for an answer. */
  readonly request: ApprovalRequest | undefined;
  readonly now: number;
}

/** The line of a version, below its stage: the metric by which it is judged, its age, and what it waits for. */
export function versionRow(store: string, version: ModelVersion, context: VersionContext): Row {
  const { goals, request, now } = context;
  const key = judgingMetric(version, goals);
  const value = key === undefined ? undefined : version.metrics[key];
  const failed = version.gates.filter(gate => !gate.passed).length;
  const facts = [
    ...(value === undefined ? [] : [`${key} ${formatMetric(value)}`]),
    ...(request ? [`waits for approval to ${request.stage}`] : []),
    ...(failed > 0 ? [`${failed} failed gate${failed === 1 ? '' : 's'}`] : []),
    ...version.aliases.map(alias => `@${alias}`),
    formatAge(version.createdAt, now),
  ];
  const stage = version.stage === 'None' ? [] : [version.stage];
  return {
    id: `${store}/version/${version.name}/${version.version}`,
    label: `Version ${version.version}`,
    description: facts.join(' · '),
    icon: versionIcon(version, failed > 0, request !== undefined),
    kind: [
      ...['version', version.stage.toLowerCase()],
      ...(request ? ['pending'] : []),
      ...(version.runId ? ['tracked'] : []),
    ].join('.'),
    opens: 'never',
    spoken: [`Version ${version.version} of ${version.name}`, ...stage, ...facts].join(', '),
    tooltip: versionTooltip(version, request),
  };
}

function versionIcon({ status }: ModelVersion, failed: boolean, waits: boolean): Icon {
  if (status === 'FAILED_REGISTRATION') return { name: 'error', color: COLOR.bad };
  if (waits) return { name: 'person', color: COLOR.warning };
  return failed ? { name: 'warning', color: COLOR.warning } : { name: 'tag' };
}

function versionTooltip(version: ModelVersion, request: ApprovalRequest | undefined): string {
  const gates = version.gates.map(
    gate => `- $(${gate.passed ? 'pass' : 'error'}) ${plain(gate.gate)} ${plain(gate.message ?? '')}`,
  );
  const metrics = Object.entries(version.metrics).map(([key, value]) => [key, formatMetric(value)] as const);
  return [
    `**${plain(version.name)}** version ${version.version} · ${version.stage}`,
    request
      ? `$(person) ${plain(request.requestedBy.subject)} asks for ${request.stage}. ${plain(request.reason)}`
      : '',
    plain(version.description),
    `Registered ${new Date(version.createdAt).toLocaleString()}`,
    gates.length > 0 ? `**Gates**\n\n${gates.join('\n')}` : '',
    metrics.length > 0 ? `**Metrics**\n\n${markdownTable(metrics)}` : '',
  ]
    .filter(Boolean)
    .join('\n\n');
}

/** The stage of this name; undefined for anything else. */
export function stageNamed(name: unknown): Stage | undefined {
  return STAGES.find(stage => stage === name);
}
