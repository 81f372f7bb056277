import { listModelSummaries, type ModelSummary } from '../../daemon/contract/models.ts';
import type { StoreConnection } from '../daemon/store-connection.ts';
import { collect } from './pages.ts';

/** More than a person would look through; a list of names is searched by typing. */
const MOST = 10_000;

/** All models of a store without their versions, for lists to choose from. */
export async function allModels(connection: StoreConnection): Promise<ModelSummary[]> {
  return (await collect(MOST, page => connection.call(listModelSummaries, { query: page }))).items;
}
