/** Requests for approval, and what people answered. */
import type { Database as Connection } from 'better-sqlite3';
import { appendAudit } from '../../audit/store.ts';
import type { ApprovalAnswer, ApprovalRequest, RequestState } from '../../contract/approvals.ts';
import type { Actor } from '../../contract/audit.ts';
import { missing } from '../../contract/errors.ts';
import type { Stage } from '../../contract/models.ts';
import { statement } from '../../database/statements.ts';
import type { VersionRow } from './rows.ts';

/** What is asked for. */
export interface NewRequest {
  readonly stage: Stage;
  readonly digest: string | null;
  readonly actor: Actor;
  readonly reason: string;
  readonly archiveExisting: boolean;
}

/** A request with what its routes do not tell. */
export interface KeptRequest extends ApprovalRequest {
  /** Row of the model, which may have been deleted since. */
  readonly modelId: number;
  /** What the model was called then: other rules may be for other names. */
  readonly askedName: string;
  readonly archiveExisting: boolean;
}

interface RequestRow {
  readonly id: number;
  readonly modelId: number;
  readonly askedName: string;
  readonly model: string;
  readonly version: number;
  readonly stage: Stage;
  readonly state: RequestState;
  readonly digest: string | null;
  readonly requestedBy: string;
  readonly requestedAt: number;
  readonly reason: string;
  readonly archiveExisting: number;
  readonly closedAt: number | null;
  readonly note: string;
}

// A model that was renamed is told by its name of now; nothing waits for a version that was deleted.
const SELECT = `SELECT r.id, r.modelId, r.askedName, r.model, r.version, r.stage, r.state, r.digest, r.requestedBy, r.requestedAt,
    r.reason, r.archiveExisting, r.closedAt, r.note
  FROM (
    SELECT q.id, q.model AS modelId, q.name AS askedName, coalesce(m.name, q.name) AS model, q.version, q.stage, q.digest,
      q.requested_by AS requestedBy, q.requested_at AS requestedAt, q.reason, q.archive_existing AS archiveExisting,
      q.closed_at AS closedAt,
      CASE WHEN q.state = 'pending' AND v.version IS NULL THEN 'void' ELSE q.state END AS state,
      CASE WHEN q.state = 'pending' AND v.version IS NULL THEN 'the version was deleted' ELSE q.note END AS note
    FROM approval_request q
    LEFT JOIN registered_model m ON m.id = q.model
    LEFT JOIN model_version v ON v.model = q.model AND v.version = q.version AND v.deleted_at IS NULL
  ) r`;

/** Which requests are wanted. */
export interface RequestFilter {
  readonly state?: RequestState | undefined;
  readonly model?: string | undefined;
  readonly limit: number;
}

export const reads = {
  /** Newest first. */
  'registry.approvals': (connection: Connection, { state, model, limit }: RequestFilter): ApprovalRequest[] =>
    statement<RequestRow>(
      connection,
      `${SELECT} WHERE (@state IS NULL OR r.state = @state) AND (@model IS NULL OR r.model = @model)
       ORDER BY r.id DESC LIMIT @limit`,
    )
      .all({ state: state ?? null, model: model ?? null, limit })
      .map(row => told(toRequest(connection, row))),

  /** @throws ApiError RESOURCE_DOES_NOT_EXIST */
  'registry.approval': (connection: Connection, { id }: { id: number }): ApprovalRequest =>
    told(requireRequest(connection, id)),
};

export function requireRequest(connection: Connection, id: number): KeptRequest {
  const row = statement<RequestRow>(connection, `${SELECT} WHERE r.id = ?`).get(id);
  if (!row) throw missing(`There is no request for approval ${id}. List them: modelthat models requests`);
  return toRequest(connection, row);
}

/** The newest request for a version and a stage. */
export function newestRequest(
  connection: Connection,
  { model, version }: Pick<VersionRow, 'model' | 'version'>,
  stage: Stage,
): KeptRequest | undefined {
  const row = statement<RequestRow>(
    connection,
    `${SELECT} WHERE r.modelId = ? AND r.version = ? AND r.stage = ? ORDER BY r.id DESC LIMIT 1`,
  ).get(model, version, stage);
  return row && toRequest(connection, row);
}

export function insertRequest(connection: Connection, row: VersionRow, request: NewRequest): KeptRequest {
  const { lastInsertRowid } = statement(
    connection,
    `INSERT INTO approval_request
       (model, name, version, stage, digest, requested_by, requested_at, reason, archive_existing, state)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'pending')`,
  ).run(
    row.model,
    row.name,
    row.version,
    request.stage,
    request.digest,
    JSON.stringify(request.actor),
    Date.now(),
    request.reason,
    request.archiveExisting ? 1 : 0,
  );
  const made = requireRequest(connection, Number(lastInsertRowid));
  record(connection, made, 'approval.request', request, 'pending', null);
  return made;
}

export function insertAnswer(
  connection: Connection,
  request: KeptRequest,
  { approved, by, reason }: Omit<ApprovalAnswer, 'at'>,
): void {
  statement(
    connection,
    'INSERT INTO approval_answer (request, subject, approved, by, at, reason) VALUES (?, ?, ?, ?, ?, ?)',
  ).run(request.id, by.subject, approved ? 1 : 0, JSON.stringify(by), Date.now(), reason);
}

/** Ends a request, and records it. @param action what is told of it in the audit log */
export function closeRequest(
  connection: Connection,
  request: KeptRequest,
  end: {
    state: Exclude<RequestState, 'pending'>;
    action: string;
    actor: Actor;
    reason: string;
    note?: string;
  },
): void {
  statement(connection, 'UPDATE approval_request SET state = ?, closed_at = ?, note = ? WHERE id = ?').run(
    end.state,
    Date.now(),
    end.note ?? '',
    request.id,
  );
  record(connection, request, end.action, end, end.state, request.state);
}

/** Tells in the audit log what was done with a request. */
export function record(
  connection: Connection,
  { id, model, version, stage, digest }: KeptRequest,
  action: string,
  { actor, reason, note }: { readonly actor: Actor; readonly reason: string; readonly note?: string },
  after: RequestState,
  before: RequestState | null,
): void {
  appendAudit(connection, {
    action,
    model,
    version,
    actor,
    reason: [reason, note].filter(Boolean).join('; '),
    before: before && { request: id, state: before },
    after: { request: id, state: after, stage, digest },
  });
}

/** A request as routes tell it. */
export function told({
  modelId: _model,
  askedName: _name,
  archiveExisting: _archive,
  ...request
}: KeptRequest): ApprovalRequest {
  return request;
}

function toRequest(connection: Connection, row: RequestRow): KeptRequest {
  return {
    ...row,
    archiveExisting: row.archiveExisting === 1,
    requestedBy: JSON.parse(row.requestedBy),
    answers: statement<{ approved: number; by: string; at: number; reason: string }>(
      connection,
      'SELECT approved, by, at, reason FROM approval_answer WHERE request = ? ORDER BY id',
    )
      .all(row.id)
      .map(answer => ({ ...answer, approved: answer.approved === 1, by: JSON.parse(answer.by) })),
  };
}
