/** What would be affected if data is wrong. */
import { missing } from '../contract/errors.ts';
import type { Affected, AffectedVersion } from '../contract/lineage.ts';
import type { Stage } from '../contract/models.ts';
import { describeNode } from './describe.ts';
import { neighboursIn } from './graph.ts';
import { dataId, placeOf, touches } from './model.ts';
import { DataSources } from './sources.ts';
import type { DataVersion } from './step-index.ts';
import type { LineageRows } from './store/rows.ts';
import { type Walked, walk, wayTo } from './walk.ts';

/** Only versions are told of all that is found: a version that is not is the one that matters. */
const BOUNDS = { depth: 1_000, limit: 50_000 };

/** Digests and their beginnings. */
const DIGEST = /^[0-9a-f]{8,64}(?:\.dir)?$/i;

/** @throws ApiError RESOURCE_DOES_NOT_EXIST when nothing is known to have read or made it */
export function findAffected(
  rows: LineageRows,
  { what, workspace }: { readonly what: string; readonly workspace: string },
): Affected {
  const sources = new DataSources(rows, workspace);
  const starts = findData(what, sources, workspace).map(({ path, digest }) => dataId(path, digest));
  const neighbours = neighboursIn(rows, sources);
  const walked = walk(starts, ['downstream'], BOUNDS, neighbours);
  const ids = [...walked.nodes.keys()];
  const made = ids.filter(id => id.startsWith('model:')).map(id => ({ id, way: wayTo(id, walked.nodes) }));
  const judged = judgedIn(walked, neighbours);
  const versions = [
    ...made.map(found => toVersion(found, 'made from it', rows, sources)),
    ...judged.map(found => toVersion(found, 'judged by it', rows, sources)),
  ].toSorted((a, b) => urgency(a) - urgency(b) || b.version - a.version);
  const deployments = versions
    .flatMap(({ id }) => neighbours(id, 'downstream', undefined))
    .filter(({ id }) => id.startsWith('deployment:'));
  return {
    data: starts.map(id => sources.describe(id)),
    versions,
    deployments: deployments
      .map(({ id }) => describeNode(id, rows, sources))
      .filter(node => node.kind === 'deployment'),
    steps: ids.filter(id => id.startsWith('step:')).length,
    runs: ids.filter(id => id.startsWith('run:')).length,
    leftOut: walked.leftOut,
    remarks: sources.remarks,
  };
}

/** The versions of data that are meant: by path, those in a folder and the folders around a file, too; else by digest. */
function findData(what: string, sources: DataSources, workspace: string): DataVersion[] {
  const place = placeOf(what, workspace);
  sources.addCode(place);
  const { versions } = sources;
  const byPath = versions.filter(({ path }) => touches(path, place) || path === what);
  if (byPath.length > 0) return byPath;
  const byDigest = DIGEST.test(what)
    ? versions.filter(({ digest }) => digest?.startsWith(what.toLowerCase()))
    : [];
  if (byDigest.length > 0) return byDigest;
  throw missing(
    `No step and no run is known to have read or made “${what}”: name a file or folder by its path, or data by its ` +
      'digest or the first 8 digits of it.',
  );
}

/** Versions that were not made from the data, but judged in runs that depend on it. */
function judgedIn(walked: Walked, neighbours: ReturnType<typeof neighboursIn>) {
  const found = new Map<string, string[]>();
  for (const id of walked.nodes.keys()) {
    if (!id.startsWith('evaluation:') && !id.startsWith('run:')) continue;
    for (const { id: version, relation } of neighbours(id, 'upstream', undefined))
      if (['evaluated in', 'judged in'].includes(relation) && !walked.nodes.has(version))
        found.set(version, [...wayTo(id, walked.nodes), version]);
  }
  return [...found].map(([id, way]) => ({ id, way }));
}

function toVersion(
  { id, way }: { readonly id: string; readonly way: string[] },
  by: AffectedVersion['by'],
  rows: LineageRows,
  sources: DataSources,
): AffectedVersion {
  const node = describeNode(id, rows, sources);
  if (node.kind !== 'model') throw new Error(`${id} is no version`);
  return { ...node, by, way };
}

/** From the one that is asked most. */
const BY_USE: readonly Stage[] = ['Production', 'Staging', 'None', 'Archived'];

function urgency({ stage }: AffectedVersion): number {
  return BY_USE.indexOf(stage);
}
