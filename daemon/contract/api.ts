import * as about from './about.ts';
import * as approvals from './approvals.ts';
import * as audit from './audit.ts';
import * as automations from './automations.ts';
import * as evaluations from './evaluations.ts';
import * as housekeeping from './housekeeping.ts';
import * as imports from './imports.ts';
import * as lineage from './lineage.ts';
import * as models from './models.ts';
import * as origins from './origins.ts';
import * as pipelines from './pipelines.ts';
import * as reproductions from './reproductions.ts';
import type { AnyRoute } from './route.ts';
import * as rules from './rules.ts';
import * as runLists from './run-lists.ts';
import * as runs from './runs.ts';
import * as serving from './serving.ts';
import * as sources from './sources.ts';
import * as tokens from './tokens.ts';
import * as webhooks from './webhooks.ts';

function isRoute(value: unknown): value is AnyRoute {
  return (
    typeof value === 'object' && value !== null && 'method' in value && 'path' in value && 'reply' in value
  );
}

/** Every operation of the native API, by its name: what is mounted, typed and published. */
export const operations: ReadonlyMap<string, AnyRoute> = new Map(
  [
    about,
    housekeeping,
    runs,
    runLists,
    models,
    rules,
    approvals,
    evaluations,
    audit,
    pipelines,
    automations,
    reproductions,
    lineage,
    origins,
    serving,
    sources,
    imports,
    tokens,
    webhooks,
  ].flatMap(group => Object.entries(group).filter((entry): entry is [string, AnyRoute] => isRoute(entry[1]))),
);
