/** Which calls in Python code log metrics, and under which names, read from its syntax: nothing is executed. */
import { parser } from '@lezer/python';
import { argumentsOf, calledName, type SyntaxNode } from '../python-syntax.ts';
import { Constants, type LoggedNames, UNKNOWN_NAMES } from './constants.ts';

/**
 * A call that logs metrics. `metrics` names them itself; `fit` trains a model in a file that has MLflow log by itself;
 * `autolog` turns that on.
 */
export interface LoggingCall extends LoggedNames {
  readonly kind: 'metrics' | 'fit' | 'autolog';
  /** Where it begins and ends. */
  readonly from: number;
  readonly to: number;
}

/** What is to be known of a file that logs. */
export interface LoggingFile {
  readonly calls: readonly LoggingCall[];
  /** Where training begins: `if __name__ == "__main__":`, else the first `start_run`, else the first call; by its offset. */
  readonly entry: number;
}

/** Modules whose functions log metrics. */
const TRACKERS = new Set(['mlflow', 'modelthat']);
/** `fit` of scikit-learn and Keras, `train` of LightGBM and XGBoost, `Trainer.fit` of Lightning. */
const TRAINS = new Set(['fit', 'fit_transform', 'fit_predict', 'train']);

/** Whether code could log at all: cheap, so that most files are not parsed. */
export function mayLog(text: string): boolean {
  return /\b(mlflow|modelthat|log_metrics?)\b/.test(text);
}

/** The calls that log in a file; undefined when there are none. Code that is not valid gives what can be read. */
export function loggingIn(text: string): LoggingFile | undefined {
  if (!mayLog(text)) return undefined;
  const reader = new Reader(text);
  const calls = reader.calls();
  return calls[0] && { calls, entry: reader.entry ?? calls[0].from };
}

class Reader {
  readonly #code: string;
  readonly #constants: Constants;
  readonly #imported = new Map<string, string>();
  readonly #found: LoggingCall[] = [];
  #main: number | undefined;
  #start: number | undefined;

  constructor(code: string) {
    this.#code = code;
    const top = parser.parse(code).topNode;
    this.#constants = Constants.read(code, top);
    top.cursor().iterate(({ node }) => {
      if (node.name === 'ImportStatement') this.#import(node);
      else if (node.name === 'IfStatement') this.#lookForMain(node);
      else if (node.name === 'CallExpression') this.#call(node);
    });
  }

  /** Offset of what starts the training, where the code says it. */
  get entry(): number | undefined {
    return this.#main ?? this.#start;
  }

  /** What logs, in its order. Calls that train count only where MLflow was told to log by itself. */
  calls(): LoggingCall[] {
    const logsByItself = this.#found.some(({ kind }) => kind === 'autolog');
    return this.#found.filter(({ kind }) => kind !== 'fit' || logsByItself);
  }

  #text({ from, to }: SyntaxNode): string {
    return this.#code.slice(from, to);
  }

  /** Takes in `from mlflow import log_metric as log`: the function by the name that it has here. */
  #import(node: SyntaxNode): void {
    const match = /^from\s+(\w+)[\w.]*\s+import\s+\(?([^()]*)\)?$/s.exec(this.#text(node));
    const [, module = '', names = ''] = match ?? [];
    if (!TRACKERS.has(module)) return;
    for (const part of names.split(',')) {
      const [name = '', , alias = name] = part.trim().split(/\s+/);
      this.#imported.set(alias, name);
    }
  }

  #lookForMain(node: SyntaxNode): void {
    const condition = node.getChild('BinaryExpression');
    if (condition && /^__name__\s*==\s*['"]__main__['"]$/.test(this.#text(condition)))
      this.#main ??= node.from;
  }

  #call(node: SyntaxNode): void {
    const called = calledName(node, this.#code);
    if (!called) return;
    const { object, name: written } = called;
    const name = object === undefined ? this.#imported.get(written) : written;
    const ofTracker = object === undefined || TRACKERS.has(object.split('.')[0] ?? '');
    if (name === 'start_run') this.#start ??= statementAround(node).from;
    else if (name === 'log_metric') this.#add(node, 'metrics', this.#nameOf(node, ofTracker ? 0 : 1));
    else if (name === 'log_metrics') this.#add(node, 'metrics', this.#namesIn(node, 'metrics'));
    else if (name === 'log' && object === 'modelthat') this.#add(node, 'metrics', this.#namesOfLog(node));
    else if (name === 'autolog' && ofTracker) this.#add(node, 'autolog', UNKNOWN_NAMES);
    else if (TRAINS.has(written)) this.#add(node, 'fit', UNKNOWN_NAMES);
  }

  #add({ from, to }: SyntaxNode, kind: LoggingCall['kind'], names: LoggedNames): void {
    this.#found.push({ kind, from, to, ...names });
  }

  /** The name in `log_metric(key, value)`, which a client's method has behind the run's id. */
  #nameOf(call: SyntaxNode, at: number): LoggedNames {
    const { positional, named } = argumentsOf(call, this.#code);
    return this.#constants.names(named.get('key') ?? positional[at]);
  }

  #namesIn(call: SyntaxNode, argument: string): LoggedNames {
    const { positional, named } = argumentsOf(call, this.#code);
    return this.#constants.keysOf(named.get(argument) ?? positional[0]);
  }

  /** `modelthat.log({"loss": 1})`, and `modelthat.log(loss=1, step=2)`. */
  #namesOfLog(call: SyntaxNode): LoggedNames {
    const { positional, named } = argumentsOf(call, this.#code);
    const keys = [...named.keys()].filter(name => name !== 'step');
    if (!positional[0]) return { keys, patterns: [], open: false };
    const inside = this.#constants.keysOf(positional[0]);
    return { ...inside, keys: [...inside.keys, ...keys] };
  }
}

/** The statement that a call is part of: `with mlflow.start_run():` and not the call alone. */
function statementAround(node: SyntaxNode): SyntaxNode {
  let found = node;
  while (found.parent && !['Script', 'Body'].includes(found.parent.name)) found = found.parent;
  return found;
}
