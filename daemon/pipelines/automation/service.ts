import { existsSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { type FSWatcher, watch } from 'chokidar';
import type { Automation, AutomationKind } from '../../contract/automations.ts';
import { ApiError, invalid } from '../../contract/errors.ts';
import type { StartedBy } from '../../contract/pipelines.ts';
import type { EventBus } from '../../events/bus.ts';
import type { RegistryService } from '../../registry/service.ts';
import type { PipelineDefinition } from '../definition/model.ts';
import { readDefinition } from '../definition/read.ts';
import { isDvcFile } from '../dvc/project.ts';
import type { ExecutionService } from '../executions.ts';
import { findPipelines } from '../find.ts';
import { requireRunnable } from '../service.ts';
import type { StepRuns } from '../step-runs.ts';
import { locate } from '../workspace.ts';
import { type Armed, armSchedule, armTriggers, describe } from './armed.ts';
import { type Switch, Switches } from './switches.ts';

/**
 * A definition is read so long after it was changed, in milliseconds: an editor may have emptied it to write it, and of what
 * follows within the resolution of the file's time nothing is told.
 */
const SETTLE_MS = 100;

const KINDS: readonly AutomationKind[] = ['schedule', 'triggers'];

/** What automations work with. */
export interface AutomationParts {
  readonly events: EventBus;
  readonly registry: RegistryService;
  readonly runs: StepRuns;
  readonly executions: ExecutionService;
  /** Real path of the folder whose pipelines may run. */
  readonly workspace: string;
  /** The store's folder below the user's state folder. */
  readonly state: string;
  /** Whether this daemon is about to stop: what is due then is left to the next. */
  readonly draining: () => boolean;
  /** Reports what should never happen. */
  readonly defect: (error: unknown) => void;
}

/** Schedules and triggers: they start pipelines once a person has turned them on. */
export class AutomationService {
  readonly #parts: AutomationParts;
  readonly #switches: Switches;
  readonly #armed = new Map<string, Armed>();
  /** Tells when definitions change whose schedules or triggers are on. */
  readonly #definitions: FSWatcher;
  /** Of definitions that were just changed. */
  readonly #settling = new Map<string, NodeJS.Timeout>();

  constructor(parts: AutomationParts) {
    this.#parts = parts;
    this.#switches = new Switches(parts.state);
    this.#definitions = watch([], { ignoreInitial: true });
    this.#definitions.on('all', (_event, file) => this.#rearmSoon(file)).on('error', parts.defect);
    for (const each of this.#switches.all) this.#arm(each);
  }

  /** How many are on. */
  get on(): number {
    return this.#switches.all.length;
  }

  /** What pipelines of the workspace declare, and what is on although it is not declared any more. */
  async list(): Promise<{ items: Automation[] }> {
    const { workspace } = this.#parts;
    const items: Automation[] = [];
    const seen = new Set<string>();
    for (const file of (await findPipelines(workspace)).files) {
      const { definition } = readDefinition({ file, workspace });
      for (const kind of KINDS) {
        if (!this.#switches.get(file, kind) && !(definition && describe(definition, kind))) continue;
        seen.add(keyOf({ file, kind }));
        items.push(this.#show(file, kind, definition));
      }
      // Reading definitions must not hold up other requests, however many there are.
      await setImmediate();
    }
    const gone = this.#switches.all.filter(each => !seen.has(keyOf(each)));
    // A file that goes just after it was written may escape the watch.
    for (const each of gone) if (!existsSync(each.file)) this.#arm(each);
    return { items: [...items, ...gone.map(({ file, kind }) => this.#show(file, kind, null))] };
  }

  /**
   * Turns a schedule, or triggers, on or off. What is on holds from the answer on.
   *
   * @throws ApiError INVALID_PARAMETER_VALUE when the definition is bad, or declares none
   */
  async turn({ file, kind, on }: { file: string; kind: AutomationKind; on: boolean }): Promise<Automation> {
    const known = this.#switches.get(file, kind);
    if (!on) return this.#turnOff(known?.file ?? locate(file, this.#parts.workspace), kind);
    const definition = this.#read(file);
    const description = describe(definition, kind);
    if (description === undefined)
      throw invalid(`“${definition.file}” declares no ${kind}. ${REMEDIES[kind]}`);
    if (!this.#switches.get(definition.file, kind)) {
      const { file: place, name: pipeline } = definition;
      const fresh = { file: place, kind, pipeline, description, settled: Date.now(), last: null };
      this.#switches.set(fresh);
      this.#arm(fresh);
    }
    await this.#armed.get(keyOf({ file: definition.file, kind }))?.ready;
    this.#announce(definition.file);
    return this.#show(definition.file, kind, definition);
  }

  async close(): Promise<void> {
    for (const armed of this.#armed.values()) armed.close();
    for (const timer of this.#settling.values()) clearTimeout(timer);
    await this.#definitions.close();
  }

  #turnOff(file: string, kind: AutomationKind): Automation {
    const shown = this.#show(file, kind, null);
    this.#switches.delete(file, kind);
    this.#disarm({ file, kind });
    if (KINDS.every(each => !this.#switches.get(file, each))) this.#definitions.unwatch(file);
    this.#announce(file);
    return { ...shown, on: false, next: null, problem: null };
  }

  #show(file: string, kind: AutomationKind, definition: PipelineDefinition | null): Automation {
    const known = this.#switches.get(file, kind);
    const armed = this.#armed.get(keyOf({ file, kind }));
    return {
      file,
      pipeline: definition?.name ?? known?.pipeline ?? '',
      kind,
      description: (definition && describe(definition, kind)) ?? known?.description ?? '',
      on: known !== undefined,
      next: armed?.next ?? null,
      last: known?.last ?? null,
      problem: armed?.problem ?? null,
    };
  }

  #rearmSoon(file: string): void {
    clearTimeout(this.#settling.get(file));
    const rearm = () => {
      this.#settling.delete(file);
      this.#rearm(file);
    };
    this.#settling.set(file, setTimeout(rearm, SETTLE_MS));
  }

  /** A definition was changed: what it declares now holds from now on. */
  #rearm(file: string): void {
    for (const kind of KINDS) {
      const each = this.#switches.get(file, kind);
      if (each) this.#arm(each);
    }
    this.#announce(file);
  }

  #arm(each: Switch): void {
    const { file, kind } = each;
    this.#disarm(each);
    this.#definitions.add(file);
    this.#armed.set(keyOf(each), this.#waitFor(each) ?? broken(`“${file}” declares no ${kind} any more.`));
  }

  #waitFor(kept: Switch): Armed | undefined {
    const { file, kind } = kept;
    let definition: PipelineDefinition;
    try {
      definition = this.#read(file);
    } catch (error) {
      return broken((error as Error).message);
    }
    const each = this.#current(kept, definition);
    if (each === undefined) return undefined;
    const start = (by: StartedBy) => void this.#start(file, kind, by).catch(this.#parts.defect);
    if (kind === 'triggers') {
      const changed = () => this.#announce(file);
      return armTriggers(definition.triggers ?? [], { ...this.#parts, definition, start, changed });
    }
    const { schedule } = definition;
    return schedule
      ? armSchedule(schedule, each.settled, {
          start,
          settle: ({ settled }) => this.#change(file, kind, { settled }),
        })
      : undefined;
  }

  /** A switch as its definition is now; a schedule that was changed is not due for the time before. */
  #current(kept: Switch, definition: PipelineDefinition): Switch | undefined {
    const description = describe(definition, kept.kind);
    if (description === undefined) return undefined;
    if (description === kept.description) return kept;
    const changed = { ...kept, description, settled: Math.max(kept.settled, Date.now()) };
    this.#switches.set(changed);
    return changed;
  }

  #disarm(each: Pick<Switch, 'file' | 'kind'>): void {
    this.#armed.get(keyOf(each))?.close();
    this.#armed.delete(keyOf(each));
  }

  async #start(file: string, kind: AutomationKind, startedBy: StartedBy): Promise<void> {
    const { executions, defect } = this.#parts;
    const last = { time: Date.now(), because: startedBy.detail, executionId: null, message: '' };
    try {
      const { concurrency } = this.#read(file);
      const { id } = await executions.start({ file, set: {}, force: false, concurrency, startedBy });
      this.#change(file, kind, { last: { ...last, executionId: id } });
    } catch (error) {
      if (!(error instanceof ApiError)) defect(error);
      this.#change(file, kind, { last: { ...last, message: (error as Error).message } });
    }
    this.#announce(file);
  }

  #change(file: string, kind: AutomationKind, change: Partial<Switch>): void {
    const each = this.#switches.get(file, kind);
    // It may have been turned off meanwhile; and a daemon that stops leaves what is due to the next.
    if (each && !this.#parts.draining()) this.#switches.set({ ...each, ...change });
  }

  /** @throws ApiError when the definition is gone or bad */
  #read(file: string): PipelineDefinition {
    const { workspace } = this.#parts;
    const real = locate(file, workspace);
    if (isDvcFile(real))
      throw invalid(`“${real}” can have no schedule and no triggers; a modelthat.yaml can.`);
    return requireRunnable(readDefinition({ file: real, workspace }), real);
  }

  #announce(file: string): void {
    this.#parts.events.publish({ topic: 'pipeline', id: file, kind: 'updated' });
  }
}

const REMEDIES: Readonly<Record<AutomationKind, string>> = {
  schedule: 'Add one, such as “schedule: "0 3 * * 1"” for Mondays at 3.',
  triggers: 'Add some, such as “triggers: [data/raw/**]”.',
};

/** What cannot be waited for. */
function broken(problem: string): Armed {
  return { next: null, problem, ready: Promise.resolve(), close: () => {} };
}

function keyOf({ file, kind }: Pick<Switch, 'file' | 'kind'>): string {
  return `${kind} ${file}`;
}
