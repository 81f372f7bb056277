/** Places in files that programs print: in tracebacks, and as `train.py:12`. */

/** A place, and where it stands in a line. */
export interface Place {
  readonly from: number;
  readonly to: number;
  /** As it is printed. */
  readonly path: string;
  readonly line: number;
}

/** As Python's tracebacks have it. */
const OF_PYTHON = /File "([^"\n]{1,500})", line (\d{1,7})/g;

/** The end of a path to a file of source, of configuration or of data in text, and a line number. */
const ENDING =
  /\.(?:py|pyx|ipynb|ya?ml|json|toml|sql|sh|r|jl|[cm]?[jt]s|[jt]sx|c|cc|cpp|cu|h|hpp|java|scala|go|rs|csv|txt):(\d{1,7})\b/gi;

/** What stands around paths. */
const NO_PATH = /[\s"'`()<>[\]{}=,;|:*?]/;

/** Longer names are no paths, and would be looked for in vain. */
const LONGEST_PATH = 500;

/** All places in a line. @param text the line without its escape sequences */
export function placesIn(text: string): Place[] {
  const places: Place[] = [];
  for (const { 0: whole, 1: path = '', 2: line, index } of text.matchAll(OF_PYTHON))
    places.push({ from: index, to: index + whole.length, path, line: Number(line) });
  for (const { 0: ending, 1: line, index } of text.matchAll(ENDING)) {
    const from = startOfPath(text, index);
    const to = index + ending.length;
    if (from < index)
      places.push({ from, to, path: text.slice(from, to - `:${line}`.length), line: Number(line) });
  }
  return places
    .filter(({ line }) => line > 0)
    .sort((a, b) => a.from - b.from)
    .filter(({ from }, at, sorted) => at === 0 || from >= (sorted[at - 1]?.to ?? 0));
}

/** Where a path begins whose ending is known; a drive of Windows belongs to it. */
function startOfPath(text: string, ending: number): number {
  let from = ending;
  while (from > 0 && ending - from < LONGEST_PATH && !NO_PATH.test(text[from - 1] ?? ' ')) from -= 1;
  const drive = /(?:^|[^A-Za-z])([A-Za-z]):$/.exec(text.slice(Math.max(0, from - 3), from));
  return drive && /[\\/]/.test(text[from] ?? '') ? from - 2 : from;
}
