import { existsSync } from 'node:fs';
import path from 'node:path';
import { ApiError, withoutMissing } from '../contract/errors.ts';
import type { GateResult, ModelVersion, Stage } from '../contract/models.ts';
import type { Execution } from '../contract/pipelines.ts';
import { actorOf, type ExecutionScope } from '../contract/principal.ts';
import { Refusal } from '../contract/rules.ts';
import type { Run } from '../contract/runs.ts';
import { decodeDouble } from '../contract/values.ts';
import type { GivenApproval } from '../registry/approvals.ts';
import { judge, parseGate } from '../registry/gates.ts';
import type { RegistryService } from '../registry/service.ts';
import type { StageService } from '../registry/stages.ts';
import type { TrackingService } from '../tracking/service.ts';
import type { EarlierResult } from './cache/model.ts';
import type { Step } from './definition/model.ts';
import type { Approval } from './model.ts';
import { ReportError, readMetrics } from './reports.ts';
import type { StepChecks } from './step-checks.ts';
import type { StepRuns } from './step-runs.ts';

type VersionRef = Execution['versions'][number];

/** What a step is judged by, beside its definition. */
export interface Evidence {
  readonly step: Step;
  /** Where the step's run belongs; it exists if the step logged. */
  readonly scope: ExecutionScope;
  /** The parameters that its commands ran with, by dotted name. */
  readonly params: Readonly<Record<string, unknown>>;
  /** When the step's commands ended: the time of the metrics read from its files. */
  readonly endedAt: number;
  /** Versions the execution has registered so far. */
  readonly versions: readonly VersionRef[];
  /** The earlier result that stands for the step's commands, if they did not run. */
  readonly reused?: EarlierResult | undefined;
  /** What people approved in the steps before it. */
  readonly approvals: readonly Approval[];
}

/** What came of a step whose commands succeeded. */
export interface Verdict {
  readonly status: 'succeeded' | 'failed';
  readonly gateFailed: boolean;
  readonly message: string;
  readonly gates: readonly GateResult[];
  /** The execution's versions, with their stages, after this step. */
  readonly versions: VersionRef[];
}

/** What steps are judged with. */
export interface JudgeParts {
  readonly tracking: TrackingService;
  readonly registry: RegistryService;
  readonly stages: StageService;
  readonly runs: StepRuns;
  readonly checks: StepChecks;
}

/**
 * Does what follows a step's commands: checks, metrics, registration, gates, promotion. Each part can be done again
 * after a crash without doing it twice.
 */
export class StepJudge {
  readonly #tracking: TrackingService;
  readonly #registry: RegistryService;
  readonly #stages: StageService;
  readonly #runs: StepRuns;
  readonly #checks: StepChecks;

  constructor(parts: JudgeParts) {
    this.#tracking = parts.tracking;
    this.#registry = parts.registry;
    this.#stages = parts.stages;
    this.#runs = parts.runs;
    this.#checks = parts.checks;
  }

  async judge(evidence: Evidence): Promise<Verdict> {
    const { step } = evidence;
    const partial: { gates: GateResult[]; versions: VersionRef[] } = {
      gates: [],
      versions: [...evidence.versions],
    };
    const failed = (message: string, gateFailed = false): Verdict => ({
      status: 'failed',
      gateFailed,
      message,
      ...partial,
    });
    try {
      requireOutputs(step);
      const checks = step.checks === null ? '' : await this.#checks.judge(step, evidence.scope, step.checks);
      if (evidence.reused) {
        partial.versions = await this.#withEarlier(evidence, evidence.reused);
      } else {
        await this.#logMetrics(evidence);
        await this.#keepPlots(evidence);
        if (step.register !== null) partial.versions = await this.#register(evidence, step.register);
      }
      const judged = await this.#versionUnderTest(evidence, partial.versions);
      if (step.gates.length > 0) partial.gates = await this.#judgeGates(evidence, judged);
      const unmet = partial.gates.filter(gate => !gate.passed);
      if (unmet.length > 0) return failed(unmet.map(describeGate).join('; '), true);
      const promoted = step.promote === null ? undefined : await this.#promote(evidence, judged);
      if (promoted && judged) partial.versions = withStage(partial.versions, judged, promoted.stage);
      return {
        status: 'succeeded',
        gateFailed: false,
        message: [checks, ...partial.gates.map(describeGate), promoted?.message].filter(Boolean).join('; '),
        ...partial,
      };
    } catch (error) {
      if (error instanceof ApiError) return failed(error.message, failsByRule(error));
      if (error instanceof ReportError) return failed(error.message);
      throw error;
    }
  }

  async #logMetrics({ step, scope, endedAt, params }: Evidence): Promise<void> {
    const metrics = Object.assign({}, ...step.metrics.map(file => metricsIn(step, file)));
    const points = Object.entries<number>(metrics).map(([key, value]) => ({
      key,
      value,
      timestamp: endedAt,
      step: 0,
    }));
    if (points.length > 0) await this.#runs.log(scope, points, params);
  }

  async #keepPlots({ step, scope }: Evidence): Promise<void> {
    const plots = (step.plots ?? []).map(file => ({ file, name: artifactName(step.cwd, file) }));
    await this.#runs.keepFiles(scope, plots);
  }

  async #register({ step, scope, versions }: Evidence, name: string): Promise<VersionRef[]> {
    const { runId } = scope;
    const runIds = await this.#runs.withChildren(runId);
    if (runIds.length === 0) throw new ReportError(`it logged no model to register as “${name}”`);
    const model = await this.#registry.modelWithVersions(name);
    const known = model?.versions.find(each => each.runId !== null && runIds.includes(each.runId));
    const description = `Registered by step ${step.name}`;
    const actor = actorOf({ access: 'execution', scope }, 'pipeline');
    const { version, stage } =
      known ?? (await this.#registry.registerFromRun({ name, runIds, description, actor }));
    return [
      ...versions.filter(ref => ref.name !== name || ref.version !== version),
      { name, version, stage },
    ];
  }

  /** The versions that the step registered earlier, as they are now. */
  async #withEarlier({ versions }: Evidence, { versions: earlier }: EarlierResult): Promise<VersionRef[]> {
    const found = await Promise.all(
      earlier.map(async ({ name, version }) => {
        const model = await this.#registry.modelWithVersions(name);
        return {
          name,
          version,
          stage: model?.versions.find(each => each.version === version)?.stage ?? 'None',
        };
      }),
    );
    const others = versions.filter(
      ref => !found.some(({ name, version }) => ref.name === name && ref.version === version),
    );
    return [...others, ...found];
  }

  /** The version that gates and promotion are about: this execution's own, else the newest of the model. */
  async #versionUnderTest(
    { step }: Evidence,
    versions: readonly VersionRef[],
  ): Promise<ModelVersion | undefined> {
    const name = step.promote?.model ?? step.register ?? onlyName(versions);
    if (name === undefined) return undefined;
    const model = await this.#registry.modelWithVersions(name);
    const own = versions.findLast(ref => ref.name === name)?.version;
    return model?.versions.find(version => own === undefined || version.version === own);
  }

  async #judgeGates({ step, scope }: Evidence, judged: ModelVersion | undefined): Promise<GateResult[]> {
    const { runId } = scope;
    const logged = metricsOf(await withoutMissing(this.#tracking.getRun(runId)));
    const ofVersion = judged ? decode(judged.metrics) : {};
    const champion = judged && (await this.#registry.versionInStage(judged.name, 'Production'));
    const metrics = {
      candidate: { ...ofVersion, ...logged },
      champion: champion ? decode(champion.metrics) : null,
    };
    const gates = step.gates.map(gate => judge(parseGate(gate), metrics));
    if (judged) {
      const { name, version } = judged;
      await this.#registry.recordEvaluation({ name, version, runId, of: step.name, gates, metrics: logged });
    }
    return gates;
  }

  /** Promotes by the rules of the model, which must hold beside the step's own gates. */
  async #promote(
    { step, scope, reused, approvals }: Evidence,
    judged: ModelVersion | undefined,
  ): Promise<{ message: string; stage: Stage } | undefined> {
    if (step.promote === null) return undefined;
    const { model, to } = step.promote;
    if (!judged) throw new ReportError(`model “${model}” has no version to promote`);
    const { version, stage } = judged;
    if (stage === to) return { message: `version ${version} of ${model} is in ${to}`, stage };
    // What a person did with it since is not undone by a step that had nothing new to say.
    if (stage === 'Archived' || (reused && stage !== 'None'))
      return { message: `version ${version} of ${model} stays in ${stage}`, stage };
    const reason =
      step.gates.length > 0 ? `gates passed: ${step.gates.join(', ')}` : `step ${step.name} succeeded`;
    const { request } = await this.#stages.move({
      name: model,
      version,
      stage: to,
      archiveExisting: true,
      actor: actorOf({ access: 'execution', scope }, 'pipeline'),
      reason,
      given: approvals.flatMap(approval => givenFor(approval, judged)),
    });
    if (!request) return { message: `version ${version} of ${model} is in ${to}`, stage: to };
    const waits = `version ${version} of ${model} waits for approval before it comes to ${to} (request ${request.id})`;
    return { message: waits, stage };
  }
}

/** @throws ReportError when the step did not make all it says it makes */
/** What a person's approval of a step says of a version: that its files were approved as they were then. */
function givenFor(
  { actor, reason, versions }: Approval,
  { name, version }: Pick<ModelVersion, 'name' | 'version'>,
): GivenApproval[] {
  const approved = versions?.find(each => each.name === name && each.version === version);
  return actor && approved?.digest ? [{ by: actor, reason, digest: approved.digest }] : [];
}

function requireOutputs({ outs, plots = [], cwd }: Step): void {
  const absent = [...outs, ...plots]
    .filter(out => !existsSync(out))
    .map(out => `“${path.relative(cwd, out)}”`);
  if (absent.length > 0) throw new ReportError(`it did not make its output ${absent.join(', ')}`);
}

/** @throws ReportError for a file that cannot be read, unless it is DVC's: that asks only that it is there */
function metricsIn({ dvc }: Step, file: string): Record<string, number> {
  try {
    return readMetrics(file);
  } catch (error) {
    if (dvc && error instanceof ReportError) return {};
    throw error;
  }
}

/** Where a plot is kept: below `plots`, under its path from the step's folder, without ways up. */
function artifactName(cwd: string, file: string): string {
  const parts = path
    .relative(cwd, file)
    .split(path.sep)
    .filter(part => part !== '..');
  return ['plots', ...(parts[0] === 'plots' ? parts.slice(1) : parts)].join('/');
}

/** Whether an error says that conditions of the registry's rules do not hold, as gates of the step may not. */
function failsByRule(error: ApiError): boolean {
  const refusal = Refusal.safeParse(error.details);
  return refusal.success && refusal.data.refused === 'conditions';
}

function describeGate(gate: GateResult): string {
  const observed =
    gate.observed === null ? '' : ` (observed ${Number(decodeDouble(gate.observed).toPrecision(6))})`;
  return `gate ${gate.gate} ${gate.passed ? 'passed' : 'failed'}${gate.message ? `: ${gate.message}` : observed}`;
}

function metricsOf(run: Run | undefined): Record<string, number> {
  return Object.fromEntries(
    Object.entries(run?.metrics ?? {}).map(([key, summary]) => [key, decodeDouble(summary.last)]),
  );
}

function decode(metrics: ModelVersion['metrics']): Record<string, number> {
  return Object.fromEntries(Object.entries(metrics).map(([key, value]) => [key, decodeDouble(value)]));
}

function onlyName(versions: readonly VersionRef[]): string | undefined {
  const names = new Set(versions.map(version => version.name));
  return names.size === 1 ? [...names][0] : undefined;
}

function withStage(
  versions: readonly VersionRef[],
  { name, version }: ModelVersion,
  stage: string,
): VersionRef[] {
  const others = versions.filter(ref => ref.name !== name || ref.version !== version);
  return [...others, { name, version, stage }];
}
