/** What stages name that is not on this machine: `s3://bucket/data`, `remote://name/data`. */
import type { Step } from '../definition/model.ts';

const URL = /^[a-z][a-z\d+.-]+:\/\//i;

export function isElsewhere(name: string): boolean {
  return URL.test(name);
}

/** Why a stage cannot run here that names such; undefined when it can. DVC alone knows how to reach it. */
export function whyElsewhere({ dvc }: Pick<Step, 'dvc'>): string | undefined {
  const [name] = dvc?.elsewhere ?? [];
  return name && `${name} is not on this machine: have DVC run the stage (dvc repro -s ${dvc?.name})`;
}
