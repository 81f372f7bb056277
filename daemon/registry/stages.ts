import type { ApprovalEvidence, ApprovalRequest } from '../contract/approvals.ts';
import type { Actor } from '../contract/audit.ts';
import { ApiError, withoutMissing } from '../contract/errors.ts';
import {
  type GateResult,
  type ModelVersion,
  metricNames,
  type RuledStage,
  type Stage,
} from '../contract/models.ts';
import type { Refusal, RegistryRules, RuleCheck } from '../contract/rules.ts';
import type { Database } from '../database/database.ts';
import type { EventBus } from '../events/bus.ts';
import type { GivenApproval } from './approvals.ts';
import { inspect } from './inspect.ts';
import type { Version } from './model.ts';
import { contentDigest, type ReleaseParts } from './release.ts';
import { askedFor, describeCondition, type Facts, isRuled, type RuleSource, rulesOf } from './rules.ts';
import type { RequestFilter } from './store/approvals.ts';
import type { MoveOutcome } from './store/promotion.ts';

/** A move as it is asked for. */
export interface Move {
  readonly name: string;
  readonly version: number;
  readonly stage: Stage;
  /** Archive the other versions in that stage, where the rules leave it open; only Staging and Production have such. */
  readonly archiveExisting: boolean;
  readonly actor: Actor;
  readonly reason: string;
  /** Whether a client asks that knows nothing of rules: they bind it only where they are enforced. */
  readonly plain?: boolean;
  /** Ask once more for approval of what a person rejected. */
  readonly again?: boolean;
  /** What people approved already, where the rules ask for approval. */
  readonly given?: readonly GivenApproval[];
}

/** What came of a move that nothing forbids. */
export interface Moved {
  readonly version: Version;
  /** What has to be approved before the version moves; null when it did. */
  readonly request: ApprovalRequest | null;
}

/** What stages are decided with. */
export interface StageParts extends ReleaseParts {
  readonly events: EventBus;
  readonly rules: RuleSource;
}

/** The stages that versions move through, by the rules: gates, approvals, aliases in step, rolling back. */
export class StageService {
  readonly #parts: StageParts;
  readonly #database: Database;
  readonly #events: EventBus;

  constructor(parts: StageParts) {
    this.#parts = parts;
    this.#database = parts.database;
    this.#events = parts.events;
  }

  /** All rules, with what is wrong with them. */
  rules(): Promise<RegistryRules> {
    return this.#parts.rules.read();
  }

  /**
   * Moves a version to a stage and records it; where a person has to approve that, asks for it.
   *
   * @throws ApiError PERMISSION_DENIED with a `Refusal` when the rules do not let it, RESOURCE_CONFLICT when another
   * version came first
   */
  async move({ plain = false, again = false, given = [], ...move }: Move): Promise<Moved> {
    const { name } = move;
    const rules = rulesOf(await this.rules(), name);
    const bound = !plain || rules?.enforce === true;
    const { facts, replaces } = await this.#lookAt(move);
    const found = await this.#database.write('registry.transition', {
      ...move,
      rules,
      bound,
      again,
      given,
      facts,
      replaces,
    });
    this.#changed(name);
    if (found.outcome === 'moved') return { version: found.version, request: null };
    if (found.outcome === 'kept') throw new ApiError('PERMISSION_DENIED', found.why);
    if (found.outcome === 'refused' || found.outcome === 'rejected') throw refusal(move, found);
    if (found.outcome === 'asked') this.#asked(found.request, 'created');
    if (plain) throw refusal(move, found);
    return { version: await this.#database.read('registry.getVersion', move), request: found.request };
  }

  /** What the rules say of a move now. */
  async check(name: string, version: number, stage: RuledStage): Promise<RuleCheck> {
    const rules = rulesOf(await this.rules(), name);
    const { facts } = await this.#lookAt({ name, version, stage });
    return this.#database.read('registry.check', { name, version, stage, rules, facts });
  }

  /** What the files of a version come to; null when they are not here to be read. @throws ApiError RESOURCE_DOES_NOT_EXIST */
  async content(name: string, version: number): Promise<string | null> {
    return contentDigest(await this.#database.read('registry.getVersion', { name, version }), this.#parts);
  }

  // --- approvals ---

  /** Newest first. */
  approvals(filter: RequestFilter): Promise<ApprovalRequest[]> {
    return this.#database.read('registry.approvals', filter);
  }

  /** A request with what a person wants to know before they answer. @throws ApiError RESOURCE_DOES_NOT_EXIST */
  async evidence(id: number, actor: Actor): Promise<Omit<ApprovalEvidence, 'slices' | 'differences'>> {
    const request = await this.#database.read('registry.approval', { id });
    const { model: name, version: number, stage } = request;
    const rules = rulesOf(await this.rules(), name);
    const version = await withoutMissing(this.#show(name, number));
    const inProduction = await withoutMissing(
      this.#database.read('registry.findVersion', { name, selector: { stage: 'Production' } }),
    );
    const champion = inProduction ? await this.#show(name, inProduction.version) : null;
    const { facts } = version ? await this.#lookAt({ name, version: number, stage }) : { facts: null };
    const asked = { name, version: number, stage, rules };
    const check = facts && (await this.#database.read('registry.check', { ...asked, facts }));
    return {
      request,
      needed: askedFor(rules, stage).approval?.count ?? 1,
      version: version ?? null,
      champion,
      metrics: sideBySide(version, champion),
      conditions: check?.conditions ?? [],
      digest: facts?.digest ?? null,
      changed: facts?.digest !== request.digest,
      obstacle: await this.#database.read('registry.obstacle', { id, actor, rules }),
    };
  }

  /**
   * Takes a person's answer. The last approval that is needed moves the version.
   *
   * @throws ApiError PERMISSION_DENIED when they may not approve, or a condition does not hold any more;
   * RESOURCE_CONFLICT when the request is closed, or its version is not what was asked about any more: then it is void
   */
  async decide(answer: {
    id: number;
    approved: boolean;
    actor: Actor;
    reason: string;
  }): Promise<ApprovalRequest> {
    const { model: name, version, stage } = await this.#database.read('registry.approval', answer);
    const rules = rulesOf(await this.rules(), name);
    const seen = await withoutMissing(this.#lookAt({ name, version, stage }));
    const found = await this.#database.write('registry.decideApproval', {
      ...answer,
      rules,
      facts: seen?.facts ?? NOTHING_READ,
      replaces: seen?.replaces ?? null,
    });
    this.#changed(name);
    if (found.outcome === 'refused') throw refusal({ name, version, stage }, found);
    if (found.outcome === 'denied') throw new ApiError('PERMISSION_DENIED', `${found.why}.`);
    this.#asked(found.request, 'updated');
    if (found.outcome === 'void')
      throw new ApiError(
        'RESOURCE_CONFLICT',
        `Request ${answer.id} is void: ${found.request.note}. Ask again.`,
        {
          request: found.request,
        },
      );
    return found.request;
  }

  /**
   * Brings the version back that was in Production before, or another that was there; gates and approvals are not asked
   * for again, as long as its files are what they were.
   *
   * @throws ApiError INVALID_PARAMETER_VALUE when there is none
   */
  async rollBack(wanted: {
    name: string;
    version: number | undefined;
    actor: Actor;
    reason: string;
  }): Promise<Version> {
    const { name } = wanted;
    const rules = rulesOf(await this.rules(), name);
    const target = await this.#database.read('registry.rollbackTarget', wanted);
    const version = await this.#database.read('registry.getVersion', { name, version: target.version });
    const digest = await contentDigest(version, this.#parts);
    const back = await this.#database.write('registry.rollBack', { ...wanted, rules, target, digest });
    this.#changed(name);
    return back;
  }

  /** What files say of a version, and what it would replace. */
  async #lookAt(
    move: Pick<Move, 'name' | 'version' | 'stage'>,
  ): Promise<{ facts: Facts; replaces: number | null }> {
    const { name, stage } = move;
    const version = await this.#database.read('registry.getVersion', move);
    if (!isRuled(stage)) return { facts: NOTHING_READ, replaces: null };
    const replaces = await this.#database.read('registry.newestOther', move);
    const champion = await this.#database.read('registry.findVersion', {
      name,
      selector: { stage: 'Production' },
    });
    return { facts: await inspect(version, champion ?? undefined, this.#parts), replaces };
  }

  #show(name: string, version: number): Promise<ModelVersion> {
    return this.#database.read('registry.showVersion', { name, version });
  }

  #changed(name: string): void {
    this.#events.publish({ topic: 'model', id: name, kind: 'updated' });
  }

  #asked({ id, model }: ApprovalRequest, kind: 'created' | 'updated'): void {
    this.#events.publish({ topic: 'approval', id: String(id), kind, parent: model });
  }
}

/** Of a version that leaves its stage nobody wants to know more. */
const NOTHING_READ: Facts = { digest: null, size: null, signature: null, champion: null };

/** The error for a move that the rules do not let happen, or not yet. */
function refusal(
  { name, version, stage }: Pick<Move, 'name' | 'version' | 'stage'>,
  found:
    | Exclude<MoveOutcome, { outcome: 'moved' | 'kept' }>
    | { outcome: 'refused'; conditions: GateResult[] },
): ApiError {
  const what = `Version ${version} of '${name}'`;
  const { conditions } = found;
  if (found.outcome === 'refused') {
    const unmet = conditions.filter(({ passed }) => !passed).map(describeCondition);
    return denied(`${what} cannot come to ${stage}: ${unmet.join('; ')}.`, {
      refused: 'conditions',
      conditions,
      request: null,
    });
  }
  const { request } = found;
  if (found.outcome === 'rejected') {
    const no = request.answers.findLast(({ approved }) => !approved);
    const why = no?.reason ? `: ${no.reason}` : '';
    return denied(`${what} was rejected for ${stage} by ${no?.by.subject} (request ${request.id})${why}.`, {
      refused: 'rejected',
      conditions,
      request,
    });
  }
  return denied(
    `${what} waits for approval before it comes to ${stage}: request ${request.id}. ` +
      `A person approves it by \`modelthat models approve ${request.id}\`.`,
    { refused: 'approval', conditions, request },
  );
}

function denied(message: string, details: Refusal): ApiError {
  return new ApiError('PERMISSION_DENIED', message, details);
}

function sideBySide(
  version: ModelVersion | undefined,
  champion: ModelVersion | null,
): ApprovalEvidence['metrics'] {
  const names = metricNames([version, champion].filter(each => each !== null && each !== undefined));
  return names.toSorted().map(key => ({
    key,
    candidate: version?.metrics[key] ?? null,
    champion: champion?.metrics[key] ?? null,
  }));
}
