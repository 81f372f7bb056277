import type { RunGroup } from '../../daemon/contract/run-lists.ts';
import { type GroupRow, groupKey } from '../../daemon/contract/run-table-messages.ts';
import type { RunList } from './run-list.ts';

/** A group, and where its runs are in the list. */
interface PlacedGroup {
  readonly group: RunGroup;
  readonly from: number;
}

/** The rows of a table by their places: runs in the order of a list and, above those of each group, the group. */
export class TableRows {
  readonly #ids: readonly string[];
  readonly #opened: ReadonlySet<string>;
  /** Of each row its run's place in the list, or its group; undefined without groups, where each run is a row. */
  readonly #places: readonly (number | PlacedGroup)[] | undefined;

  /** @param opened the groups whose runs are shown, by `groupKey` */
  constructor({ ids, groups }: Pick<RunList, 'ids' | 'groups'>, opened: readonly string[]) {
    this.#ids = ids;
    this.#opened = new Set(opened);
    this.#places = groups && placesOf(groups, this.#opened);
  }

  get count(): number {
    return this.#places?.length ?? this.#ids.length;
  }

  /** The rows from one place up to, and without, another: ids of runs, and groups. */
  within(from: number, to: number): (string | GroupRow)[] {
    if (!this.#places) return this.#ids.slice(from, to);
    return this.#places.slice(from, to).flatMap((place): (string | GroupRow)[] => {
      if (typeof place === 'number') return this.#ids.slice(place, place + 1);
      return [{ group: place.group, opened: this.#opened.has(groupKey(place.group)) }];
    });
  }

  /** The runs of these rows; a group stands for all of its runs. */
  runsWithin(from: number, to: number): string[] {
    if (!this.#places) return this.#ids.slice(from, to);
    const ids = this.#places
      .slice(from, to)
      .flatMap(place =>
        typeof place === 'number'
          ? (this.#ids[place] ?? [])
          : this.#ids.slice(place.from, place.from + place.group.runs),
      );
    return [...new Set(ids)];
  }
}

function placesOf(groups: readonly RunGroup[], opened: ReadonlySet<string>): (number | PlacedGroup)[] {
  const places: (number | PlacedGroup)[] = [];
  let from = 0;
  for (const group of groups) {
    places.push({ group, from });
    if (opened.has(groupKey(group))) for (let run = 0; run < group.runs; run += 1) places.push(from + run);
    from += group.runs;
  }
  return places;
}
