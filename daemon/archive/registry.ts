/** Registered models on their way from one store to another: what their sources come to mean. */
import { STAGES, type Stage } from '../contract/models.ts';

/** The stage of versions that MLflow keeps only so that their numbers are not given again. */
export const DELETED_STAGE = 'Deleted_Internal';

/** The stage of this name; others than MLflow's four are none. */
export function stageOf(text: string): Stage {
  return STAGES.find(stage => stage.toLowerCase() === text.toLowerCase()) ?? 'None';
}

/** Where artifacts were, and where they are now. */
export class MovedArtifacts {
  readonly #places = new Map<string, string>();

  /** Notes that what was at one URI is at another. */
  add(from: string, to: string): void {
    if (from !== '') this.#places.set(normal(from), to);
  }

  /** The URI of a version's files in this store: the longest known beginning is replaced. Others stay as they are. */
  resolve(uri: string): string {
    const names = normal(uri).split('/');
    for (let end = names.length; end > 0; end -= 1) {
      const to = this.#places.get(names.slice(0, end).join('/'));
      if (to !== undefined) return [to, ...names.slice(end)].join('/');
    }
    return uri;
  }
}

/** One form for the URIs that MLflow writes for one place. */
function normal(uri: string): string {
  return uri
    .replace(/^file:\/*(?=\/)/i, '')
    .replace(/^file:/i, '')
    .replace(/^mlflow-artifacts:\/\/[^/]+/i, 'mlflow-artifacts:')
    .replace(/\/+$/, '');
}
