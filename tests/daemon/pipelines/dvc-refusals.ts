// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${…} is the definitions' own syntax
/** Projects that DVC refuses, and what is said of them here. */

/** One project: files by name, and the one problem to be found, as `file:line:column message`. */
export interface Refusal {
  readonly about: string;
  readonly files: Readonly<Record<string, string>>;
  readonly problem: RegExp;
}

const stage = (...lines: string[]) => [
  'stages:',
  '  a:',
  '    cmd: echo',
  ...lines.map(line => `    ${line}`),
];

/** A project of one `dvc.yaml`, and of other files. */
function refusal(
  about: string,
  lines: readonly string[],
  problem: RegExp,
  files: Readonly<Record<string, string>> = {},
): Refusal {
  return { about, files: { ...files, 'dvc.yaml': `${lines.join('\n')}\n` }, problem };
}

export const REFUSALS: readonly Refusal[] = [
  refusal('an unknown key', stage('dep: [x]'), /^dvc.yaml:4:5 unknown key “dep” \| Did you mean “deps”/),
  refusal('a key of ours', stage('retries: 3'), /4:5 unknown key “retries” \| Write it below “meta:”/),
  refusal('a key of other tools', stage('cwd: src'), /4:5 unknown key “cwd” \| Write “wdir”/),
  refusal('an unknown section', ['stage: {}'], /1:1 unknown key “stage” \| Did you mean “stages”/),
  refusal('no command', ['stages:', '  a:', '    deps: [x]'], /3:5 “stages.a.cmd” is missing/),
  refusal('a list of stages', ['stages:', '  - cmd: echo'], /2:3 “stages” must be a mapping/),
  refusal('a stage that is text', ['stages:', '  a: echo'], /2:3 “a” must be a mapping/),
  refusal('a command that is a number', ['stages:', '  a:', '    cmd: 5'], /3:10 .*must be a command/),
  refusal('dependencies left empty', stage('deps:'), /4:10 “stages.a.deps” must be a list/),
  refusal('a dependency with flags', stage('deps: [{x: {cache: false}}]'), /4:12 .*must be text/),
  refusal(
    'an unknown flag',
    stage('outs:', '  - x: {cahce: false}'),
    /5:13 unknown key “cahce” \| Did you mean “cache”/,
  ),
  refusal(
    'an output with a colon too many',
    stage('outs:', '  - x:'),
    /5:11 “stages.a.outs.0.x” must be a mapping/,
  ),
  refusal('a flag that is text', stage('frozen: "yes"'), /4:13 .*must be true or false/),
  refusal(
    'a plot with several settings',
    stage('plots:', '  - x: [{x: a}, {x: b}]'),
    /5:12 “stages.a.plots.0.x” must be a mapping/,
  ),
  refusal(
    'an artifact without a path',
    ['artifacts:', '  m: {type: model}'],
    /2:6 “artifacts.m.path” is missing/,
  ),
  refusal('keys that are there twice', stage('cmd: echo'), /4:5 the key “cmd” is there twice/),
  refusal('broken YAML', ['stages:', '  a: {cmd: echo'], /Correct the YAML syntax/),
  refusal(
    'a reference to nothing',
    ['stages:', '  a:', '    cmd: echo ${lerning}'],
    /3:10 there is no “lerning” \| Did you mean “learning”/,
    {
      'params.yaml': 'learning: 1\n',
    },
  ),
  refusal(
    'a reference below a value',
    ['stages:', '  a:', '    cmd: echo ${lr.x}'],
    /3:10 there is no “lr.x”/,
    {
      'params.yaml': 'lr: 1\n',
    },
  ),
  refusal('an empty reference', ['stages:', '  a:', '    cmd: echo ${}'], /3:10 \${} is not a name/),
  refusal('a broken reference', ['stages:', '  a:', '    cmd: echo ${lr[}'], /3:10 \${lr\[} is not a name/, {
    'params.yaml': 'lr: [1]\n',
  }),
  refusal('a broken description', stage('desc: ${nothing}'), /4:11 there is no “nothing”/),
  refusal(
    'a list in a command',
    ['stages:', '  a:', '    cmd: echo ${l}'],
    /3:10 “l” is a list, which cannot/,
    {
      'params.yaml': 'l: [1]\n',
    },
  ),
  refusal('a mapping in a path', stage('deps: ["${m}"]'), /4:12 .*is a mapping, which cannot stand here/, {
    'params.yaml': 'm: {a: 1}\n',
  }),
  refusal('lists in a list of options', ['stages:', '  a:', '    cmd: echo ${m}'], /3:10 “l” holds lists/, {
    'params.yaml': 'm: {l: [[1]]}\n',
  }),
  refusal(
    'a variable that has a value',
    ['vars:', '  - lr: 2'],
    /2:5 “lr” has a value already, from params.yaml/,
    {
      'params.yaml': 'lr: 1\n',
    },
  ),
  refusal(
    'a variable that a stage redefines',
    ['vars:', '  - m: {a: 1}', ...stage('vars: [{m: {a: 2}}]')],
    /6:12 “m.a” has a value already, from vars.0/,
  ),
  refusal(
    'a file of variables that is not there',
    ['vars: [conf.yaml]'],
    /1:8 the file “conf.yaml” does not exist/,
  ),
  refusal(
    'names that a file of variables has not',
    ['vars: [conf.yaml:b]'],
    /1:8 there is no “b” in “conf.yaml”/,
    {
      'conf.yaml': 'a: 1\n',
    },
  ),
  refusal(
    'variables that are loaded twice',
    ['vars: [conf.yaml, "conf.yaml:a"]'],
    /1:19 “conf.yaml” is loaded already, as a whole/,
    {
      'conf.yaml': 'a: 1\n',
    },
  ),
  refusal('variables made of variables', ['vars:', '  - a: ${b}'], /2:5 variables cannot be made of others/, {
    'params.yaml': 'b: 1\n',
  }),
  refusal('parameters that are no mapping', stage(), /^params.yaml:1:1 parameters must be a mapping/, {
    'params.yaml': '- 1\n',
  }),
  refusal('a broken file of parameters', stage(), /^params.yaml:2:1 .*Correct the YAML syntax/, {
    'params.yaml': 'a: [\n',
  }),
  refusal('a date among parameters', stage(), /“day” in params.yaml is a date/, {
    'params.yaml': 'day: 2024-01-01\n',
  }),
  refusal('a group without a stage', ['stages:', '  a:', '    foreach: [1]'], /3:5 “stages.a.do” is missing/),
  refusal(
    'a group with keys outside of “do”',
    ['stages:', '  a:', '    foreach: [1]', '    deps: [x]', '    do: {cmd: echo}'],
    /4:5 unknown key “deps”/,
  ),
  refusal(
    'a group over text',
    ['stages:', '  a:', '    foreach: ${lr}', '    do: {cmd: echo}'],
    /3:14 this is neither a list nor a mapping/,
    {
      'params.yaml': 'lr: 1\n',
    },
  ),
  refusal(
    'two kinds of groups in one',
    ['stages:', '  a:', '    foreach: [1]', '    matrix: {x: [1]}', '    do: {cmd: echo}'],
    /4:5 unknown key “matrix”/,
  ),
  refusal(
    'a matrix over a single value',
    ['stages:', '  a:', '    matrix: {x: 1}', '    cmd: echo'],
    /3:17 .*must be a list of values/,
  ),
  refusal(
    'a matrix over a number',
    ['stages:', '  a:', '    matrix: {x: "${lr}"}', '    cmd: echo'],
    /3:17 this is not a list/,
    {
      'params.yaml': 'lr: 1\n',
    },
  ),
  refusal(
    'a variable named “item” in a group',
    ['stages:', '  a:', '    foreach: [1]', '    do: {cmd: echo, vars: [{item: 2}]}'],
    /4:28 “item” has a value already, from its group/,
  ),
  refusal('a name with “@”', ['stages:', '  a@b: {cmd: echo}'], /2:3 “a@b” is not a fitting name/),
  refusal(
    'a member named with “@”',
    ['stages:', '  a:', '    foreach: [x@y]', '    do: {cmd: echo}'],
    /3:14 “x@y” cannot name a stage/,
  ),
  refusal(
    'a member without a name',
    ['stages:', '  a:', '    foreach: [""]', '    do: {cmd: echo}'],
    /3:14 “” cannot name a stage/,
  ),
  refusal('a number as a path', stage('outs: ["${n}"]'), /4:12 “stages.a.outs.0” must be a path/, {
    'params.yaml': 'n: 1\n',
  }),
  refusal('a tag that nobody knows', stage('desc: !secret x'), /4:11 .*Correct the YAML syntax/),
  refusal('a reference in a list without quotes', stage('deps: [${x}]'), /Correct the YAML syntax/),
  refusal(
    'one output of two stages',
    ['stages:', '  a: {cmd: echo, outs: [x]}', '  b: {cmd: echo, outs: [x]}'],
    /3:25 “a” and “b” both write “x”/,
  ),
  refusal(
    'an output inside of another',
    ['stages:', '  a: {cmd: echo, outs: [x]}', '  b: {cmd: echo, outs: [x/y]}'],
    /3:25 “a” and “b” both write “x\/y” and “x”, one inside the other/,
  ),
  refusal('an output that is listed twice', stage('outs: [x]', 'metrics: [x]'), /5:15 “a” writes twice “x”/),
  refusal(
    'an output of stages in two files',
    ['stages:', '  a: {cmd: echo, outs: [x]}'],
    /^sub\/dvc.yaml:2:25 “a” and “sub\/dvc.yaml:b” both write “..\/x”/,
    {
      'sub/dvc.yaml': 'stages:\n  b: {cmd: echo, outs: [../x]}\n',
    },
  ),
  refusal('an output that a .dvc file keeps', stage('outs: [x]'), /4:12 “x.dvc” and “a” both write “x”/, {
    'x.dvc': 'outs:\n- md5: d41d8cd98f00b204e9800998ecf8427e\n  path: x\n',
  }),
  refusal(
    'a circle',
    ['stages:', '  a: {cmd: echo, deps: [y], outs: [x]}', '  b: {cmd: echo, deps: [x], outs: [y]}'],
    /2:3 the stages need each other in a circle: a → b → a/,
  ),
  refusal(
    'an output that the stage depends on',
    stage('deps: [x]', 'outs: [x]'),
    /5:12 the stage depends on its own output “x”/,
  ),
  refusal('a mistake in another file of the project', stage(), /^sub\/dvc.yaml:2:3 “b” must be a mapping/, {
    'sub/dvc.yaml': 'stages:\n  b: echo\n',
  }),
  refusal(
    'a reference to nothing in another section',
    ['metrics: ["${nothing}"]'],
    /1:11 there is no “nothing”/,
  ),
];
