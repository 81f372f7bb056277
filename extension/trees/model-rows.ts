import { formatAge, formatMetric } from '../../daemon/contract/display.ts';
import type { ModelVersion, RegisteredModel, Stage } from '../../daemon/contract/models.ts';
import { COLOR, type Icon, markdownTable, plain, type Row } from './row.ts';

const STAGE_ICON: Record<Stage, Icon> = {
  None: { name: 'circle-large-outline' },
  Staging: { name: 'beaker', color: COLOR.active },
  Production: { name: 'pass-filled', color: COLOR.good },
  Archived: { name: 'archive', color: COLOR.faint },
};

/** The line of a registered model, with the versions that are in use. */
export function modelRow(store: string, model: RegisteredModel): Row {
  const staged = (['Production', 'Staging'] as const).flatMap(stage => {
    const version = model.versions.find(candidate => candidate.stage === stage);
    return version ? [`${stage} v${version.version}`] : [];
  });
  const description = staged.length > 0 ? staged.join(' · ') : 'in no stage';
  return {
    id: `${store}/model/${model.name}`,
    label: model.name,
    description,
    icon: { name: 'package' },
    kind: 'model',
    opens: model.versions.length > 0 ? 'open' : 'never',
    spoken: `Model ${model.name}, ${description}`,
    tooltip: [`**${plain(model.name)}**`, plain(model.description)].filter(Boolean).join('\n\n'),
  };
}

/** The line of a version: its stage, and the metrics by which it is judged. `goals` come first. */
export function versionRow(store: string, version: ModelVersion, goals: readonly string[], now: number): Row {
  const judged = version.gates.map(gate => gate.gate.split(/\s/, 1)[0] ?? '');
  const key = [...goals, ...judged].find(name => version.metrics[name] !== undefined);
  const value = key === undefined ? undefined : version.metrics[key];
  const failed = version.gates.filter(gate => !gate.passed).length;
  const facts = [
    ...(version.stage === 'None' ? [] : [version.stage]),
    ...(value === undefined ? [] : [`${key} ${formatMetric(value)}`]),
    ...(failed > 0 ? [`${failed} failed gate${failed === 1 ? '' : 's'}`] : []),
    ...version.aliases.map(alias => `@${alias}`),
  ];
  return {
    id: `${store}/version/${version.name}/${version.version}`,
    label: `Version ${version.version}`,
    description: facts.length > 0 ? facts.join(' · ') : formatAge(version.createdAt, now),
    icon:
      version.status === 'FAILED_REGISTRATION'
        ? { name: 'error', color: COLOR.bad }
        : STAGE_ICON[version.stage],
    kind: ['version', version.stage.toLowerCase(), ...(version.runId ? ['tracked'] : [])].join('.'),
    opens: 'never',
    spoken: [`Version ${version.version} of ${version.name}`, ...facts].join(', '),
    tooltip: versionTooltip(version),
  };
}

function versionTooltip(version: ModelVersion): string {
  const gates = version.gates.map(
    gate => `- $(${gate.passed ? 'pass' : 'error'}) ${plain(gate.gate)} ${plain(gate.message ?? '')}`,
  );
  const metrics = Object.entries(version.metrics).map(([key, value]) => [key, formatMetric(value)] as const);
  return [
    `**${plain(version.name)}** version ${version.version} · ${version.stage}`,
    plain(version.description),
    `Registered ${new Date(version.createdAt).toLocaleString()}`,
    gates.length > 0 ? `**Gates**\n\n${gates.join('\n')}` : '',
    metrics.length > 0 ? `**Metrics**\n\n${markdownTable(metrics)}` : '',
  ]
    .filter(Boolean)
    .join('\n\n');
}
