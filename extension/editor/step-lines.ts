import { isMap, isScalar, LineCounter, parseDocument, type Scalar } from 'yaml';

/** The lines, from 0, of `steps:` and of each step's key. */
export function stepLines(text: string): {
  stepsLine?: number;
  steps: { name: string; line: number }[];
} {
  const counter = new LineCounter();
  const { contents } = parseDocument(text, { lineCounter: counter });
  const lineOf = (key: Scalar) => counter.linePos(key.range?.[0] ?? 0).line - 1;
  const pair = isMap(contents)
    ? contents.items.find(item => isScalar(item.key) && item.key.value === 'steps')
    : undefined;
  if (!pair || !isScalar(pair.key)) return { steps: [] };
  const items = isMap(pair.value) ? pair.value.items : [];
  const steps = items.flatMap(({ key }) =>
    isScalar(key) ? [{ name: String(key.value), line: lineOf(key) }] : [],
  );
  return { stepsLine: lineOf(pair.key), steps };
}
