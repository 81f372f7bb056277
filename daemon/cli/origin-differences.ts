/** What differs between what led to two versions, as tables. */
import type { VersionDifferences } from '../contract/origins.ts';
import { print, printTable, say, style } from './output.ts';

/** Prints nothing of what does not differ but that it does not. */
export function printDifferences({
  against,
  data,
  params,
  code,
  sameEnvironment,
  remarks,
}: VersionDifferences): void {
  print(`\n${style('bold', `What led to it, beside version ${against}`)}`);
  const rows = [
    ...data.map(each => ({ ...each, kind: each.made ? 'made data' : 'data', name: each.path })),
    ...params.map(each => ({ ...each, kind: 'parameter' })),
  ];
  const isDigest = (kind: string) => kind !== 'parameter';
  const brief = (kind: string, text: string | null) =>
    text === null ? '' : isDigest(kind) ? briefDigest(text) : text;
  printTable(
    rows,
    [
      { title: 'KIND', value: each => each.kind },
      { title: 'NAME', value: each => each.name },
      { title: 'BEFORE', value: each => brief(each.kind, each.before) },
      { title: 'NOW', value: each => brief(each.kind, each.now) },
    ],
    'The same data and parameters.',
  );
  if (code && code.length > 0) {
    print('');
    printTable(code, [
      { title: 'CODE', value: each => each.path },
      { title: 'IS', value: each => each.change },
    ]);
  }
  if (sameEnvironment === false) print('Another Python environment.');
  for (const remark of remarks) say(remark);
}

function briefDigest(text: string): string {
  return text.replace(/\b[0-9a-f]{12,}\b/g, digest => digest.slice(0, 8));
}
