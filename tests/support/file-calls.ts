/** What a program did to the files of a folder, read from traces that strace made. */
import fs from 'node:fs';
import path from 'node:path';

/** A change of a file or of a folder, or a sync, in the order of their times. Paths are absolute. */
export type FileCall = {
  /** When it was asked for, and when the kernel had done it: milliseconds since the epoch. */
  readonly at: number;
  readonly doneAt: number;
} & (
  | { readonly kind: 'create' | 'makeFolder' | 'remove' | 'empty'; readonly path: string }
  | { readonly kind: 'write'; readonly path: string; readonly offset: number; readonly data: Buffer }
  | { readonly kind: 'truncate'; readonly path: string; readonly size: number }
  | { readonly kind: 'rename'; readonly path: string; readonly to: string }
  | { readonly kind: 'sync'; readonly path: string }
);

/** The calls that change files. A call that is not among them and does would go unseen. */
const TRACED =
  'open,openat,creat,write,pwrite64,writev,pwritev,pwritev2,fsync,fdatasync,ftruncate,truncate,fallocate,' +
  'copy_file_range,sendfile,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,rmdir,link,linkat,symlink,symlinkat';

/**
 * Arguments with which strace runs a program so that `readFileCalls` can read what it did.
 *
 * @param trace beginning of the names of the traces, one a thread
 */
export function traceFileCalls(trace: string): string[] {
  return [
    ...['-ff', '-y', '-xx', '-ttt', '-T', '-s', String(2 ** 24), '-o', trace],
    ...['-e', `trace=${TRACED}`, '-e', 'signal=none', '--seccomp-bpf'],
  ];
}

/** A file that is open, and where its next write goes. */
interface OpenFile {
  readonly path: string;
  readonly appends: boolean;
  offset: number;
}

/** What was done below a folder, in the order in which it was asked for. @param trace as for `traceFileCalls` */
export function readFileCalls(trace: string, folder: string): FileCall[] {
  const lines = tracesOf(trace).flatMap(file => fs.readFileSync(file, 'latin1').split('\n'));
  const reader = new Reader(folder);
  return lines
    .map(parse)
    .filter(call => call !== undefined)
    .sort((a, b) => a.at - b.at)
    .flatMap(call => reader.read(call) ?? []);
}

function tracesOf(trace: string): string[] {
  const [folder, name] = [path.dirname(trace), `${path.basename(trace)}.`];
  return fs
    .readdirSync(folder)
    .filter(each => each.startsWith(name))
    .map(each => path.join(folder, each));
}

/** A line of a trace that tells of a call that succeeded. */
interface Traced {
  readonly at: number;
  readonly doneAt: number;
  readonly name: string;
  readonly args: string;
  readonly result: string;
}

function parse(line: string): Traced | undefined {
  const match = /^(\d+\.\d+) (\w+)\((.*)\) += (\d+.*) <(\d+\.\d+)>$/s.exec(line);
  if (!match) return undefined;
  const [, at = '', name = '', args = '', result = '', took = ''] = match;
  return { at: Number(at) * 1000, doneAt: (Number(at) + Number(took)) * 1000, name, args, result };
}

/** Follows which files are open and how long they are, from call to call. */
class Reader {
  readonly #folder: string;
  readonly #open = new Map<number, OpenFile>();
  readonly #sizes = new Map<string, number>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  read({ at, doneAt, name, args, result }: Traced): FileCall | undefined {
    const times = { at, doneAt };
    switch (name) {
      case 'open':
      case 'openat':
      case 'creat':
        return this.#opened(times, args, result);
      case 'write':
      case 'writev':
      case 'pwrite64':
        return this.#wrote(times, name, args);
      case 'fsync':
      case 'fdatasync':
      case 'ftruncate':
        return this.#changed(times, name, args);
      case 'mkdir':
      case 'mkdirat':
      case 'unlink':
      case 'unlinkat':
      case 'rmdir': {
        const [target = ''] = this.#named(args);
        const kind = name.startsWith('mkdir') ? 'makeFolder' : 'remove';
        return this.#inside(target) ? { ...times, kind, path: target } : undefined;
      }
      case 'rename':
      case 'renameat':
      case 'renameat2': {
        const [from = '', to = ''] = this.#named(args);
        if (!this.#inside(from) && !this.#inside(to)) return undefined;
        this.#sizes.set(to, this.#sizes.get(from) ?? 0);
        return { ...times, kind: 'rename', path: from, to };
      }
      default:
        if (this.#named(args).some(each => this.#inside(each)) || this.#inside(pathOfDescriptor(args)))
          throw new Error(`a power cut cannot be played after ${name}: ${args.slice(0, 200)}`);
        return undefined;
    }
  }

  #opened(times: { at: number; doneAt: number }, args: string, result: string): FileCall | undefined {
    const descriptor = Number(/^\d+/.exec(result)?.[0]);
    const file = pathOfDescriptor(result);
    // Folders, too: what is done to a file may name it by an open folder.
    this.#open.set(descriptor, { path: file, appends: args.includes('O_APPEND'), offset: 0 });
    if (!this.#inside(file)) return undefined;
    const isNew = args.includes('O_CREAT') && !this.#sizes.has(file);
    if (!isNew && !args.includes('O_TRUNC')) return undefined;
    this.#sizes.set(file, 0);
    return { ...times, kind: isNew ? 'create' : 'empty', path: file };
  }

  #wrote(times: { at: number; doneAt: number }, name: string, args: string): FileCall | undefined {
    const descriptor = Number(/^\d+/.exec(args)?.[0]);
    const file = pathOfDescriptor(args);
    if (!this.#inside(file)) return undefined;
    const data = Buffer.concat(textsOf(args.slice(args.indexOf('>') + 1)));
    const open = this.#open.get(descriptor);
    const offset =
      name === 'pwrite64'
        ? Number(/, (\d+)$/.exec(args)?.[1])
        : open?.appends
          ? (this.#sizes.get(file) ?? 0)
          : (open?.offset ?? 0);
    if (open && name !== 'pwrite64') open.offset = offset + data.length;
    this.#sizes.set(file, Math.max(this.#sizes.get(file) ?? 0, offset + data.length));
    return { ...times, kind: 'write', path: file, offset, data };
  }

  #changed(times: { at: number; doneAt: number }, name: string, args: string): FileCall | undefined {
    const file = pathOfDescriptor(args);
    if (!this.#inside(file)) return undefined;
    if (name !== 'ftruncate') return { ...times, kind: 'sync', path: file };
    const size = Number(/, (\d+)$/.exec(args)?.[1]);
    this.#sizes.set(file, size);
    return { ...times, kind: 'truncate', path: file, size };
  }

  /** Paths that a call names, also by an open folder (`/proc/self/fd/7/name`). */
  #named(args: string): string[] {
    return textsOf(args.replace(/<[^>]*>/g, '')).map(text => {
      const name = text.toString('utf8');
      const [, descriptor, rest = ''] = /^\/proc\/self\/fd\/(\d+)(.*)$/s.exec(name) ?? [];
      return descriptor === undefined ? name : (this.#open.get(Number(descriptor))?.path ?? '') + rest;
    });
  }

  #inside(file: string): boolean {
    return file === this.#folder || file.startsWith(this.#folder + path.sep);
  }
}

/** The path in `7</path>`; empty without one. */
function pathOfDescriptor(text: string): string {
  const [, hex = ''] = /^[\w-]*<((?:\\x[0-9a-f]{2})*)>/.exec(text) ?? [];
  return bytesOf(hex).toString('utf8');
}

/** The texts of a call's arguments. */
function textsOf(args: string): Buffer[] {
  return [...args.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)].map(([, hex = '']) => bytesOf(hex));
}

function bytesOf(hex: string): Buffer {
  return Buffer.from(hex.replaceAll('\\x', ''), 'hex');
}
