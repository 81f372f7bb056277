import type { ModelVersion } from '../../contract/models.ts';
import type { EventBus } from '../../events/bus.ts';
import type { RegistryService } from '../../registry/service.ts';
import type { ModelTrigger } from './triggers.ts';

/** What is watched, and who is told. */
export interface ModelWatchOptions {
  readonly trigger: ModelTrigger;
  readonly registry: Pick<RegistryService, 'modelWithVersions'>;
  readonly events: EventBus;
  /** Whether the pipeline itself made a version, which tells nothing. */
  isOwn(version: ModelVersion): Promise<boolean>;
  /** @param what which version, in a person's words */
  appeared(what: string): void;
  /** Reports what should never happen. */
  defect(error: unknown): void;
}

/** Watches for versions of a registered model that are new, or come to a stage. */
export class ModelWatch {
  /** Resolves when versions are noticed from then on. */
  readonly ready: Promise<void>;
  readonly #options: ModelWatchOptions;
  readonly #unsubscribe: () => void;
  #known: ReadonlySet<number> = new Set();
  /** One look after the other. */
  #looked: Promise<void>;

  constructor(options: ModelWatchOptions) {
    this.#options = options;
    const { trigger, events } = options;
    this.#looked = this.#find().then(found => {
      this.#known = new Set(found.map(({ version }) => version));
    }, options.defect);
    this.ready = this.#looked;
    this.#unsubscribe = events.subscribe(({ topic, id }) => {
      if (topic !== 'model' || id !== trigger.model) return;
      this.#looked = this.#looked.then(() => this.#look()).catch(options.defect);
    });
  }

  close(): void {
    this.#unsubscribe();
  }

  async #look(): Promise<void> {
    const { trigger, isOwn, appeared } = this.#options;
    const found = await this.#find();
    const fresh = found.filter(({ version }) => !this.#known.has(version));
    this.#known = new Set(found.map(({ version }) => version));
    const others: ModelVersion[] = [];
    for (const version of fresh) if (!(await isOwn(version))) others.push(version);
    const [newest] = others;
    if (!newest) return;
    const what = `version ${newest.version} of ${newest.name}`;
    appeared(trigger.stage === null ? `${what} is new` : `${what} came to ${trigger.stage}`);
  }

  /** The versions that the trigger is about, newest first. */
  async #find(): Promise<ModelVersion[]> {
    const { trigger, registry } = this.#options;
    const { versions = [] } = (await registry.modelWithVersions(trigger.model)) ?? {};
    return versions.filter(
      ({ stage, status }) => status === 'READY' && (trigger.stage === null || stage === trigger.stage),
    );
  }
}
