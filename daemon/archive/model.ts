/** A store of another tracker, as the readers of its format tell it. Plain data: it crosses threads. */
import type { SourceKind } from '../contract/imports.ts';
import type { DatasetInput, Lifecycle, RunStatus } from '../contract/runs.ts';
import type { KeyValue } from '../tracking/model.ts';

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

/** Points of one metric in three columns of equal length: buffers move between threads without being copied. */
export interface SourceMetric {
  readonly key: string;
  readonly steps: Float64Array;
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
  /** The logged model and data set that all of them were measured on. */
  readonly modelId?: string;
  readonly datasetName?: string;
  readonly datasetDigest?: string;
}

export interface SourceRun {
  readonly id: string;
  /** As the source calls it. */
  readonly experimentId: string;
  readonly name: string;
  readonly user: string;
  readonly status: RunStatus;
  readonly lifecycle: Lifecycle;
  readonly startTime: number;
  readonly endTime: number | null;
  readonly deletedAt: number | null;
  readonly params: readonly KeyValue[];
  readonly tags: readonly KeyValue[];
  readonly metrics: readonly SourceMetric[];
  readonly datasets: readonly DatasetInput[];
  readonly modelInputs: readonly string[];
  readonly modelOutputs: readonly { readonly modelId: string; readonly step: number }[];
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

export interface SourceVersion {
  readonly version: number;
  readonly stage: string;
  readonly description: string;
  readonly source: string;
  readonly storageLocation: string;
  readonly runId: string | null;
  readonly runLink: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Its number is not given again. */
  readonly deleted: boolean;
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

/** What a store is made of, in the order in which it is imported. */
export interface SourceParts {
  readonly experiments: SourceExperiment;
  readonly runs: SourceRun;
  readonly loggedModels: SourceLoggedModel;
  readonly models: SourceModel;
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
