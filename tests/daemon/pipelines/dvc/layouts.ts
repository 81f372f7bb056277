// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${…} is DVC's own syntax
/** Projects of DVC as people lay them out, with changes that make some of their stages stale. */

/** A change to a project that has been run. */
export interface Edit {
  readonly what: string;
  /** New content by path; null removes the file. */
  readonly files: Readonly<Record<string, string | null>>;
  /** What is said when nothing can run then, by DVC neither. */
  readonly refused?: RegExp;
}

export interface Layout {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
  /** Whether it lies in a git repository. */
  readonly git?: boolean;
  /** Commands of DVC that make it ready. */
  readonly commands?: readonly (readonly string[])[];
  /** Files that may be executed. */
  readonly executable?: readonly string[];
  /** Stages that run every time. */
  readonly always?: readonly string[];
  readonly edits: readonly Edit[];
}

const lines = (...text: string[]) => `${text.join('\n')}\n`;

export const LAYOUTS: readonly Layout[] = [
  {
    name: 'a chain with parameters, metrics and plots',
    git: true,
    files: {
      'params.yaml': lines('features:', '  lags: [7, 14]', 'train:', '  lr: 0.1', '  epochs: 3'),
      'data/raw.csv': lines('a,b', '1,2'),
      'src/train.sh': lines(
        'cat features.csv params.yaml > model.bin',
        'echo "{\\"auc\\": 0.5}" > metrics.json',
      ),
      'dvc.yaml': lines(
        'stages:',
        '  features:',
        '    cmd: cat data/raw.csv params.yaml > features.csv',
        '    deps: [data/raw.csv]',
        '    params: [features.lags]',
        '    outs: [features.csv]',
        '  train:',
        '    cmd: sh src/train.sh && printf "x,y\\n1,2\\n" > roc.csv',
        '    deps: [features.csv, src/train.sh]',
        '    params: [train]',
        '    outs: [model.bin]',
        '    metrics: [{metrics.json: {cache: false}}]',
        '    plots: [{roc.csv: {x: x, y: y, cache: false}}]',
      ),
    },
    edits: [
      {
        what: 'a parameter',
        files: {
          'params.yaml': lines('features:', '  lags: [7, 14, 28]', 'train:', '  lr: 0.1', '  epochs: 3'),
        },
      },
      {
        what: 'numbers that are the same to Python',
        files: {
          'params.yaml': lines('features:', '  lags: [7.0, 14]', 'train:', '  lr: 1.0e-1', '  epochs: 3.0'),
        },
      },
      {
        what: 'a member of a group',
        files: { 'params.yaml': lines('features:', '  lags: [7, 14]', 'train:', '  lr: 0.2', '  epochs: 3') },
      },
      {
        what: 'a parameter that is gone',
        files: { 'params.yaml': lines('train:', '  lr: 0.1', '  epochs: 3') },
        refused: /there is no parameter “features.lags” in “params.yaml”/,
      },
      { what: 'a dependency', files: { 'data/raw.csv': lines('a,b', '1,3') } },
      { what: 'a dependency that is gone', files: { 'data/raw.csv': null } },
      { what: 'an output', files: { 'model.bin': 'other' } },
      { what: 'an output that is gone', files: { 'metrics.json': null } },
      { what: 'all outputs gone', files: { 'metrics.json': null, 'model.bin': null, 'features.csv': null } },
    ],
  },
  {
    name: 'folders as dependencies and outputs',
    git: true,
    files: {
      '.dvcignore': lines('*.tmp', '/raw/ignored/'),
      'raw/a.csv': '1\n',
      'raw/ü b.csv': '2\n',
      'raw/deep/c.csv': '3\n',
      'raw/ignored/x': 'x',
      'raw/y.tmp': 'y',
      'dvc.yaml': lines(
        'stages:',
        '  split:',
        '    cmd: mkdir -p out/parts/deep && cp raw/*.csv out/parts && cp raw/deep/c.csv out/parts/deep/',
        '    deps: [raw]',
        '    outs: [out/parts]',
        '  one:',
        '    cmd: cat out/parts/a.csv > one.txt',
        '    deps: [out/parts/a.csv]',
        '    outs: [one.txt]',
        '  all:',
        '    cmd: ls -R out > all.txt',
        '    deps: [out]',
        '    outs: [all.txt]',
      ),
    },
    edits: [
      { what: 'a file of the folder', files: { 'raw/deep/c.csv': '4\n' } },
      { what: 'a new file', files: { 'raw/new.csv': '5\n' } },
      { what: 'a file that is ignored', files: { 'raw/z.tmp': 'z', 'raw/ignored/w': 'w' } },
      { what: 'a file of an output', files: { 'out/parts/a.csv': '9\n' } },
      { what: 'a rule less', files: { '.dvcignore': '' } },
    ],
  },
  {
    name: 'files of parameters of all kinds',
    files: {
      'params.yaml': lines('seed: 42', 'name: "2.0"', 'none: null', 'on: true'),
      'config/day.yaml': lines('text: "2026-01-02"', 'count: 1_000'),
      'config/a.json': '{"lr": 1e-05, "decay": 1.0, "big": 12345678901234567890, "list": [1, 2.5, "x"]}',
      'config/b.toml': lines('[model]', 'depth = 3', 'rate = 0.5', 'tags = ["a", "b"]'),
      'config/c.py': lines('LR = 0.25', 'class Model:', '    layers = [1, 2]', '    name = "net"'),
      'dvc.yaml': lines(
        'stages:',
        '  train:',
        '    cmd: echo trained > model',
        '    params:',
        '    - seed',
        '    - name',
        '    - none',
        '    - on',
        '    - config/day.yaml: [text, count]',
        '    - config/a.json: [lr, decay, big, list.1]',
        '    - config/b.toml: [model.depth, model]',
        '    - config/c.py:',
        '      - LR',
        '      - Model',
        '    outs: [model]',
        '  whole:',
        '    cmd: echo whole > whole.txt',
        '    params:',
        '    - config/a.json:',
        '    - params.yaml: []',
        '    outs: [whole.txt]',
      ),
    },
    edits: [
      {
        what: 'JSON',
        files: {
          'config/a.json': '{"lr": 2e-05, "decay": 1, "big": 12345678901234567891, "list": [1, 2.5]}',
        },
      },
      {
        what: 'TOML',
        files: { 'config/b.toml': lines('[model]', 'depth = 4', 'rate = 0.5', 'tags = ["a", "b"]') },
      },
      {
        what: 'Python',
        files: {
          'config/c.py': lines('LR = 0.25', 'class Model:', '    layers = [1, 3]', '    name = "net"'),
        },
      },
      {
        what: 'true for 1, and a key that no stage names',
        files: {
          'params.yaml': lines('seed: 42.0', 'name: "2.0"', 'none: null', 'on: 1', 'new: 1'),
        },
      },
      {
        what: 'a text for a number',
        files: { 'params.yaml': lines('seed: "42"', 'name: 2.0', 'none: 0', 'on: true') },
      },
      {
        what: 'a date for a text, and a number written otherwise',
        files: { 'config/day.yaml': lines('text: 2026-01-02', 'count: 1000.0') },
      },
    ],
  },
  {
    name: 'groups by foreach',
    files: {
      'params.yaml': lines('regions: [us, uk]', 'models:', '  small: {depth: 2}', '  large: {depth: 9}'),
      'data/us.csv': 'us\n',
      'data/uk.csv': 'uk\n',
      'dvc.yaml': lines(
        'stages:',
        '  clean:',
        '    foreach: ${regions}',
        '    do:',
        '      cmd: tr a-z A-Z < data/${item}.csv > clean-${item}.csv',
        '      deps: ["data/${item}.csv"]',
        '      outs: ["clean-${item}.csv"]',
        '  fit:',
        '    foreach: ${models}',
        '    do:',
        '      cmd: cat clean-us.csv clean-uk.csv > fit-${key}; echo ${item.depth} >> fit-${key}',
        '      deps: [clean-us.csv, clean-uk.csv]',
        '      outs: ["fit-${key}"]',
      ),
    },
    edits: [
      { what: 'the data of one', files: { 'data/uk.csv': 'gb\n' } },
      {
        what: 'a value in the command of one',
        files: {
          'params.yaml': lines('regions: [us, uk]', 'models:', '  small: {depth: 3}', '  large: {depth: 9}'),
        },
      },
    ],
  },
  {
    name: 'groups by matrix',
    files: {
      'params.yaml': lines('sizes: [1, 2.5]'),
      'dvc.yaml': lines(
        'stages:',
        '  train:',
        '    matrix:',
        '      size: ${sizes}',
        '      kind: [cnn, rnn]',
        '      flag: [true]',
        '    cmd: echo ${item.size} ${item.kind} ${item.flag} > m-${key}.txt',
        '    outs: ["m-${key}.txt"]',
        '    params: [sizes]',
      ),
    },
    edits: [{ what: 'an axis', files: { 'params.yaml': lines('sizes: [1, 2.5, 3]') } }],
  },
  {
    name: 'templates over several files',
    files: {
      'params.yaml': lines('model: {lr: 0.1, layers: [1, 2], flag: true, name: "a b"}'),
      'paths.yaml': lines('paths: {out: results}'),
      'dvc.yaml': lines(
        'vars:',
        '- paths.yaml',
        '- extra: {word: hello}',
        'stages:',
        '  show:',
        '    cmd: mkdir -p ${paths.out} && echo ${extra.word} ${model} > ${paths.out}/shown.txt',
        '    params: [model.lr]',
        '    outs: ["${paths.out}/shown.txt"]',
      ),
    },
    edits: [
      {
        what: 'a value in the command',
        files: { 'params.yaml': lines('model: {lr: 0.1, layers: [1, 3], flag: false, name: "a b"}') },
      },
      { what: 'a path', files: { 'paths.yaml': lines('paths: {out: other}') } },
    ],
  },
  {
    name: 'a stage in a folder of its own',
    git: true,
    files: {
      'common/in.txt': 'in\n',
      'work/params.yaml': lines('n: 1'),
      'work/own.txt': 'own\n',
      'dvc.yaml': lines(
        'stages:',
        '  inside:',
        '    wdir: work',
        '    cmd: cat ../common/in.txt own.txt > out.txt',
        '    deps: [../common/in.txt, own.txt]',
        '    params: [n]',
        '    outs: [out.txt]',
        '  outside:',
        '    wdir: work',
        '    cmd: mkdir -p ../made && cp out.txt ../made/copy.txt',
        '    deps: [out.txt]',
        '    outs: [../made/copy.txt]',
      ),
    },
    edits: [
      { what: 'a dependency above', files: { 'common/in.txt': 'new\n' } },
      { what: 'a parameter of the folder', files: { 'work/params.yaml': lines('n: 2') } },
    ],
  },
  {
    name: 'outputs that persist, and that are not cached',
    git: true,
    files: {
      'in.txt': '1\n',
      'dvc.yaml': lines(
        'stages:',
        '  grow:',
        '    cmd: cat in.txt >> log.txt && cp in.txt plain.txt && cp in.txt cached.txt',
        '    deps: [in.txt]',
        '    outs:',
        '    - log.txt: {persist: true}',
        '    - plain.txt: {cache: false}',
        '    - cached.txt',
      ),
    },
    edits: [
      { what: 'the input', files: { 'in.txt': '2\n' } },
      { what: 'what is not cached', files: { 'plain.txt': 'x' } },
      { what: 'what persists', files: { 'log.txt': 'x' } },
    ],
  },
  {
    name: 'stages that are frozen, or always run',
    always: ['always', 'callback'],
    files: {
      'a.txt': 'a\n',
      'dvc.yaml': lines(
        'stages:',
        '  make:',
        '    cmd: cp a.txt made.txt',
        '    deps: [a.txt]',
        '    outs: [made.txt]',
        '  always:',
        '    cmd: cp a.txt always.txt',
        '    deps: [a.txt]',
        '    outs: [always.txt]',
        '    always_changed: true',
        '  callback:',
        '    cmd: echo called',
      ),
    },
    edits: [
      { what: 'the input', files: { 'a.txt': 'b\n' } },
      {
        what: 'a stage that is frozen now, and its input',
        files: {
          'a.txt': 'c\n',
          'dvc.yaml': lines(
            'stages:',
            '  make:',
            '    cmd: cp a.txt made.txt',
            '    deps: [a.txt]',
            '    outs: [made.txt]',
            '    frozen: true',
          ),
        },
      },
    ],
  },
  {
    name: 'commands of several lines',
    executable: ['run.sh'],
    files: {
      'run.sh': lines('#!/bin/sh', 'echo "$DVC_STAGE" > stage.txt', 'test -d "$DVC_ROOT/.dvc"'),
      'dvc.yaml': lines(
        'stages:',
        '  text:',
        '    cmd: |',
        '      X=1; echo "x: $X" > text.txt',
        '',
        '      echo "y: $X #" >> text.txt',
        '    outs: [text.txt]',
        '  list:',
        '    cmd:',
        '    - ./run.sh',
        '    - \'echo "it is: done" > list.txt\'',
        '    deps: [run.sh]',
        '    outs: [list.txt, stage.txt]',
        '  long:',
        `    cmd: echo ${'many words that go on and on '.repeat(8)}> long.txt`,
        '    outs: [long.txt]',
      ),
    },
    edits: [{ what: 'a script', files: { 'run.sh': lines('#!/bin/sh', 'echo new > stage.txt') } }],
  },
  {
    name: 'several files with stages',
    git: true,
    files: {
      'prepare/params.yaml': lines('n: 1'),
      'prepare/dvc.yaml': lines(
        'stages:',
        '  clean:',
        '    cmd: echo $DVC_STAGE clean > clean.txt',
        '    params: [n]',
        '    outs: [clean.txt]',
      ),
      'dvc.yaml': lines(
        'stages:',
        '  train:',
        '    cmd: cat prepare/clean.txt > model.txt',
        '    deps: [prepare/clean.txt]',
        '    outs: [model.txt]',
      ),
    },
    edits: [{ what: 'a parameter of the other file', files: { 'prepare/params.yaml': lines('n: 2') } }],
  },
  {
    name: 'data that is versioned by .dvc files',
    git: true,
    files: {
      'data/raw.csv': 'raw\n',
      'images/a.png': 'a',
      'images/b.png': 'b',
      'dvc.yaml': lines(
        'stages:',
        '  count:',
        '    cmd: ls images data/raw.csv > count.txt',
        '    deps: [images, data/raw.csv]',
        '    outs: [count.txt]',
      ),
    },
    commands: [['add', 'data/raw.csv', 'images']],
    edits: [{ what: 'the data', files: { 'data/raw.csv': 'new\n', 'images/c.png': 'c' } }],
  },
  {
    name: 'a cache elsewhere, with hard links',
    git: true,
    files: {
      '.dvc/config': lines('[cache]', '    dir = ../elsewhere', '    type = "hardlink,copy"'),
      'in.txt': 'in\n',
      'dvc.yaml': lines(
        'stages:',
        '  make:',
        '    cmd: mkdir -p out && cp in.txt out/a && cp in.txt b && chmod +x b',
        '    deps: [in.txt]',
        '    outs: [out, b]',
      ),
    },
    edits: [
      { what: 'the input', files: { 'in.txt': 'new\n' } },
      { what: 'a file of an output', files: { 'out/a': null } },
    ],
  },
  {
    name: 'symbolic links into the cache',
    git: true,
    files: {
      '.dvc/config': lines('[cache]', '    type = symlink'),
      'in.txt': 'in\n',
      'dvc.yaml': lines(
        'stages:',
        '  make:',
        '    cmd: mkdir -p out && cp in.txt out/a && cp in.txt b',
        '    deps: [in.txt]',
        '    outs: [out, b]',
        '  use:',
        '    cmd: cat out/a b > used',
        '    deps: [out, b]',
        '    outs: [used]',
      ),
    },
    edits: [{ what: 'the input', files: { 'in.txt': 'new\n' } }],
  },
];
