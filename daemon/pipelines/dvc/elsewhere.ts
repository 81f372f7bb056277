/**
 * What stages name that is not on this machine: `s3://bucket/data`, `remote://name/data`. DVC alone knows how to reach it, so
 * such a stage is run by the project's own DVC: by its rules it is stale or not, and in its files it is recorded.
 */
import path from 'node:path';
import { findDvc, INSTALL_DVC } from '../../client/dvc-program.ts';
import type { Step } from '../definition/model.ts';
import type { DvcStage } from './model.ts';

const URL = /^[a-z][a-z\d+.-]+:\/\//i;

export function isElsewhere(name: string): boolean {
  return URL.test(name);
}

/** Whether DVC is to run a stage. */
export function isLeftToDvc({ elsewhere }: Pick<DvcStage, 'elsewhere'>): boolean {
  return elsewhere.length > 0;
}

/** Why a stage cannot run here that is left to DVC; undefined when it can, or is not. */
export function whyElsewhere({ dvc }: Pick<Step, 'dvc'>): string | undefined {
  if (!dvc || !isLeftToDvc(dvc) || findDvc(dvc.wdir) !== undefined) return undefined;
  return `${dvc.elsewhere[0]} is not on this machine, and DVC, which could reach it, is not installed. ${INSTALL_DVC}`;
}

/**
 * What has DVC run a stage that is left to it: this stage alone, since those before it run as steps of their own.
 *
 * @param file the `dvc.yaml` that holds it
 */
export function dvcCommand({ name, wdir }: Pick<DvcStage, 'name' | 'wdir'>, file: string): string[] {
  const address = path.relative(wdir, file).split(path.sep).join('/');
  return [findDvc(wdir) ?? 'dvc', 'repro', '--single-item', `${address}:${name}`];
}

/** What stages exclude each other by that DVC runs: it refuses to run twice in a project. */
export function dvcMutex(root: string): string {
  return `dvc in ${root}`;
}
