import path from 'node:path';

/** Values by absolute path, found by paths that touch theirs, however many there are. */
export class PathIndex<Value> {
  readonly #at = new Map<string, Value[]>();
  /** By each folder above a path. */
  readonly #inside = new Map<string, Value[]>();

  add(place: string, value: Value): void {
    const key = keyOf(place);
    append(this.#at, key, value);
    for (const folder of above(key)) append(this.#inside, folder, value);
  }

  /** The values of paths that equal this one, contain it or lie in it. */
  touching(place: string): Value[] {
    return [...this.holding(place), ...(this.#inside.get(keyOf(place)) ?? [])];
  }

  /** The values of paths that equal this one or contain it. */
  holding(place: string): Value[] {
    const key = keyOf(place);
    return [key, ...above(key)].flatMap(each => this.#at.get(each) ?? []);
  }
}

function append<Value>(map: Map<string, Value[]>, key: string, value: Value): void {
  const values = map.get(key);
  if (values) values.push(value);
  else map.set(key, [value]);
}

/** Windows does not mind the case of letters. */
function keyOf(place: string): string {
  return process.platform === 'win32' ? place.toLowerCase() : place;
}

/** The folders above a path, nearest first. */
function above(place: string): string[] {
  const folders: string[] = [];
  for (let folder = path.dirname(place); folder !== folders.at(-1); folder = path.dirname(folder))
    folders.push(folder);
  return folders;
}
