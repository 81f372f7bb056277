import path from 'node:path';
import { isInside } from '../pipelines/definition/graph.ts';

/** Leads from a folder to a copy of it, and back. */
export class Move {
  readonly from: string;
  readonly to: string;

  /** Both absolute. */
  constructor(from: string, to: string) {
    this.from = from;
    this.to = to;
  }

  /** Where a path is in the copy; itself, when it lies outside of the folder. */
  there(place: string): string {
    return rebase(place, this.from, this.to);
  }

  /** What a path of the copy is in the folder. */
  back(place: string): string {
    return rebase(place, this.to, this.from);
  }

  /** Plain data in which every text that is a path of the folder is that of the copy. */
  data<Data>(data: Data): Data {
    // A PATH has several, one after the other.
    const moved = (text: string) =>
      text
        .split(path.delimiter)
        .map(part => this.there(part))
        .join(path.delimiter);
    return move(data, moved) as Data;
  }
}

function rebase(place: string, from: string, to: string): string {
  if (place === from) return to;
  return path.isAbsolute(place) && isInside(place, from) ? path.join(to, path.relative(from, place)) : place;
}

function move(data: unknown, text: (value: string) => string): unknown {
  if (typeof data === 'string') return text(data);
  if (Array.isArray(data)) return data.map(each => move(each, text));
  if (typeof data !== 'object' || data === null) return data;
  return Object.fromEntries(Object.entries(data).map(([name, each]) => [name, move(each, text)]));
}
