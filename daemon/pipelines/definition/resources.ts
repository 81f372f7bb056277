/** What steps need of the machine, as definitions write it. */
import { ValueError } from './attempts.ts';

/** What a step holds while it runs. */
export interface Resources {
  /** May be a part of a core. */
  readonly cpu: number;
  /** Bytes. */
  readonly memory: number;
  readonly gpu: number;
}

/** What a step holds that says nothing: memory and GPUs are as much as it takes. */
export const ONE_CORE: Resources = { cpu: 1, memory: 0, gpu: 0 };

const MAX_CPU = 10_000;
const MAX_GPU = 1_000;
const UNITS = {
  '': 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
  TIB: 2 ** 40,
} as const;

/** @throws ValueError */
export function parseCpu(value: unknown): number {
  const cores = Number(value);
  if (cores > 0 && cores <= MAX_CPU) return cores;
  throw new ValueError(
    `“${value}” is not a number of cores`,
    `Write a number above 0, such as 4 or 0.5, up to ${MAX_CPU}.`,
  );
}

/** Reads an amount of memory: `512MB`, `1.5 GiB`, or a number of bytes. @throws ValueError */
export function parseMemory(value: unknown): number {
  const [, number, unit = ''] = /^\s*(\d+(?:\.\d+)?)\s*([KMGT]i?B)?\s*$/i.exec(String(value)) ?? [];
  const bytes = Math.round(Number(number) * UNITS[unit.toUpperCase() as keyof typeof UNITS]);
  if (Number.isSafeInteger(bytes)) return bytes;
  throw new ValueError(`“${value}” is not an amount of memory`, 'Write it like 512MB, 8GB or 8GiB.');
}

/** @throws ValueError */
export function parseGpu(value: unknown): number {
  const gpus = Number(value);
  if (Number.isInteger(gpus) && gpus >= 0 && gpus <= MAX_GPU) return gpus;
  throw new ValueError(`“${value}” is not a number of GPUs`, `Write a whole number from 0 to ${MAX_GPU}.`);
}
