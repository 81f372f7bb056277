/** A store of another tracker, as the readers of its format tell it. Plain data: it crosses threads. */
import type { SourceKind } from '../contract/imports.ts';
import type { Lifecycle } from '../contract/runs.ts';
import type { ImportedVersion } from '../registry/store/import.ts';
import type { KeyValue } from '../tracking/model.ts';
import type { ImportedMetric, ImportedRun } from '../tracking/store/import.ts';

/** Points of one metric, as columns of equal length. */
export type SourceMetric = ImportedMetric;

/** One file of an artifact folder. */
export interface SourceFile {
  /** Within the artifact folder, with slashes. */
  readonly path: string;
  /** Where it really is, without links. */
  readonly place: string;
  /** In bytes. */
  readonly size: number;
}

/** Where artifacts are. */
export type SourceArtifacts =
  /** Files that may be copied. */
  | { readonly kind: 'files'; readonly uri: string; readonly files: readonly SourceFile[] }
  /** Kept where they are: storage that clients reach without the daemon. */
  | { readonly kind: 'remote'; readonly uri: string }
  /** Nowhere that may be read; told as a problem already where there should be something. */
  | { readonly kind: 'none'; readonly uri: string };

export interface SourceExperiment {
  /** As the source calls it. */
  readonly id: string;
  readonly name: string;
  readonly lifecycle: Lifecycle;
  readonly artifactLocation: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly tags: readonly KeyValue[];
}

/** `experimentId` is as the source calls it. The columns of its metrics move between threads without being copied. */
export interface SourceRun extends Omit<ImportedRun, 'artifactUri'> {
  readonly artifacts: SourceArtifacts;
}

export interface SourceLoggedModel {
  readonly id: string;
  /** As the source calls it. */
  readonly experimentId: string;
  readonly name: string;
  readonly type: string;
  readonly sourceRunId: string | null;
  /** Code of MLflow: 1 pending, 2 ready, 3 failed. */
  readonly status: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly deletedAt: number | null;
  readonly params: readonly KeyValue[];
  readonly tags: readonly KeyValue[];
  readonly artifacts: SourceArtifacts;
}

/** A version whose stage and tags are as the source has them, unchecked. */
export interface SourceVersion extends Omit<ImportedVersion, 'stage' | 'tags'> {
  readonly stage: string;
  readonly tags: readonly KeyValue[];
}

export interface SourceModel {
  readonly name: string;
  readonly description: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly tags: readonly KeyValue[];
  readonly aliases: readonly { readonly alias: string; readonly version: number }[];
  readonly versions: readonly SourceVersion[];
}

/** An execution of a pipeline of ours, with its steps; what the engine keeps of it beside is not looked into. */
export interface SourceExecution {
  readonly execution: Readonly<Record<string, unknown>> & {
    readonly id: string;
    readonly file: string;
    readonly status: string;
    readonly startTime: number;
    readonly runId: string;
  };
  readonly steps: readonly (Readonly<Record<string, unknown>> & { readonly name: string })[];
}

/** What a store is made of, in the order in which it is imported. */
export interface SourceParts {
  readonly experiments: SourceExperiment;
  readonly runs: SourceRun;
  readonly loggedModels: SourceLoggedModel;
  readonly models: SourceModel;
  readonly executions: SourceExecution;
}
export type PartName = keyof SourceParts;

/** Reads one store, in a thread of its own: everything may block. Damage is reported and left out, not thrown. */
export interface SourceReader {
  /** How many runs there are, about. */
  countRuns(): number;
  read(): { readonly [Part in PartName]: () => Iterable<SourceParts[Part]> };
  close(): void;
}

/** Where a store is and what it is. */
export interface SourcePlace {
  readonly kind: SourceKind;
  /** A folder or a file, without links. */
  readonly path: string;
}

/** Told by readers while they read. */
export interface Reporter {
  /** Something was left out. */
  problem(place: string, message: string, line?: number): void;
  /** Something to be known; the same text is told once. */
  note(text: string): void;
}
