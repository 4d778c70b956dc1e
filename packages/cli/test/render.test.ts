import { join } from 'node:path';
import { VltairError, type FactOf, type StoredEvent, type EventPayload } from '@vltair/protocol';
import type { FixReport, RunState, RunSummary } from '@vltair/server';
import { describe, expect, test } from 'vitest';
import { verifies } from '../../../e2e/verifies.ts';
import { findingsPage } from '../src/commands/machine-doctor.ts';
import { commandName } from '../src/host.ts';
import { processHost } from '../src/host.ts';
import { demoPage } from '../src/render/demo-page.ts';
import { diffText } from '../src/render/diff-text.ts';
import { errorText, reportError } from '../src/render/error-report.ts';
import { eventLine } from '../src/render/event-line.ts';
import { fixPage } from '../src/render/fix-page.ts';
import { outcomePage } from '../src/render/outcome-page.ts';
import { differencesText, replayPage } from '../src/render/replay-page.ts';
import { runList } from '../src/render/run-list.ts';
import { runPage } from '../src/render/run-page.ts';
import { shellWord } from '../src/render/shell-word.ts';
import { statusPage } from '../src/render/status-page.ts';
import { fitted, isColoured, oneLine, painter, cleaner, plainText, table } from '../src/render/terminal-text.ts';

const plain = painter(false);
const clean = cleaner({});
const STYLE = { paint: plain, clean, command: 'vltair' };
const SETTINGS = { redaction: {}, environment: {} };

describe('text for terminals', () => {
  test('a secret is hidden whatever colour it has, and colours stay', () => {
    verifies('V-10');
    const paint = painter(true);
    const secret = `ghp_${'a1B2'.repeat(9)}`;
    expect(clean(`${paint('red', secret)}!`)).toBe(paint('red', '<<REDACTED>>') + '!');
    expect(cleaner({ prefixes: ['acme_'] })('acme_1234')).toBe('<<REDACTED>>');
  });

  test('control characters become visible, line feeds and tabs stay', () => {
    expect(plainText('a\u001b[2Jb\u0007\r\n\tc\u007f\u009b31m\u202e')).toBe('a␛[2Jb␇␍\n\tc␡<U+009B>31m<U+202E>');
    expect(oneLine('  first \r\n  second\u0000 ')).toBe('first second␀');
  });

  test('lines are cut by code points and cells padded', () => {
    expect(fitted('abcdef', 4)).toBe('abc…');
    expect(fitted('abcd', 4)).toBe('abcd');
    expect(
      table([
        ['a', 'bb'],
        ['ccc', 'd'],
      ]),
    ).toEqual(['a    bb', 'ccc  d']);
    expect(table([])).toEqual([]);
  });

  test('colours: the option, then FORCE_COLOR, then NO_COLOR, then the terminal', () => {
    expect(isColoured({ FORCE_COLOR: '1' }, true, true)).toBe(false);
    expect(isColoured({ FORCE_COLOR: '1', NO_COLOR: '1' }, false, false)).toBe(true);
    expect(isColoured({ FORCE_COLOR: '0' }, true, false)).toBe(false);
    expect(isColoured({ NO_COLOR: '1' }, true, false)).toBe(false);
    expect(isColoured({ NO_COLOR: '', FORCE_COLOR: '' }, true, false)).toBe(true);
    expect(isColoured({ TERM: 'dumb' }, true, false)).toBe(false);
    expect(isColoured({}, false, false)).toBe(false);
  });

  test('a diff without colours is the diff; with them each kind of line has its own', () => {
    const diff = 'diff --git a/x b/x\n@@ -1 +1 @@\n-old\n+new\n same\n';
    expect(diffText(diff, STYLE)).toBe(diff);
    const painted = diffText(diff, { paint: painter(true), clean })
      .split('\n')
      .slice(0, 4);
    expect(painted.map((line) => line.slice(0, line.indexOf('m') + 1))).toEqual([
      '\u001b[1m',
      '\u001b[36m',
      '\u001b[31m',
      '\u001b[32m',
    ]);
  });

  test('a word for a shell is quoted where it has to be', () => {
    expect(shellWord('/tmp/a-b_c.d')).toBe('/tmp/a-b_c.d');
    expect(shellWord("it's here")).toBe(`'it'\\''s here'`);
  });
});

describe('errors', () => {
  test('say what is wrong, where, and what to do next', () => {
    const report = reportError(new VltairError('not_found/file', { detail: 'x.yaml', where: '/a/b:1:2' }), SETTINGS);
    expect(report).toMatchObject({ code: 'not_found', fault: 'caller', retryable: false, where: '/a/b:1:2' });
    expect(errorText(report, plain)).toBe(
      'error[not_found/file]: There is no such file: x.yaml\n  where: /a/b:1:2\n  next: Check the path.\n',
    );
  });

  test('a crash shows no value of the environment and no token', () => {
    const environment = { LOGNAME: 'somebody', WORD: 'correct horse', SHORT: 'abc' };
    const token = `ghp_${'a1B2'.repeat(9)}`;
    const report = reportError(new TypeError(`${token} somebody said correct horse to abc`), {
      redaction: {},
      environment,
    });
    expect(report.reason).toBe('internal/unexpected');
    expect(report.message).toContain('<<REDACTED>> <<REDACTED>> said <<REDACTED>> to abc');
  });

  test('an expected error hides secrets by the name of their variable and by the effective prefixes', () => {
    const environment = { API_KEY: 'swordfish', HOME: '/home/me' };
    const error = new VltairError('not_found/file', { detail: '/home/me/swordfish/acme_1234', where: 'swordfish' });
    const report = reportError(error, { redaction: { prefixes: ['acme_'] }, environment });
    expect(report.message).toBe('There is no such file: /home/me/<<REDACTED>>/<<REDACTED>>');
    expect(report.where).toBe('<<REDACTED>>');
  });
});

const REPORT: FixReport = {
  run: 'r',
  status: 'succeeded',
  failure: undefined,
  reproduced: { passed: 1, failed: 12, skipped: 0 },
  failing: Array.from({ length: 12 }, (_, at) => `test ${at}`),
  failures: [],
  flaky: ['test 1'],
  suspects: [],
  refusals: [],
  tried: 1,
  timedOut: 0,
  planned: 4,
  operators: { comparison: 3, constant: 1 },
  diff: '+new\n',
  files: ['a.js'],
  edits: [{ file: 'a.js', line: 3, operator: 'comparison' }],
  alternatives: [],
  repositoryPath: '',
  treeBefore: 'x',
  treeAfter: 'y',
  durationMs: 10,
};

describe('a repair', () => {
  test('names the failing tests, the edit and how to write it', () => {
    const page = fixPage({ report: REPORT }, STYLE);
    expect(page).toContain('12 of 13 tests failed:\n  test 0\n  test 1 (flaky)');
    expect(page).toContain('and 2 more');
    expect(page).toContain('1 edit tried; kept: a.js:3 (comparison)');
    expect(page).toContain('vltair show r --diff | git apply');
  });

  test('says why the first five cases fail, bounded and harmless', () => {
    const failures = REPORT.failing.map((id) => ({
      id,
      message: `not \u001b[2Jequal${'x'.repeat(500)}\n\nb\nc\nd\ne`,
      file: 'a.test.js',
      line: 7,
      expected: '1',
      actual: '2\n3',
    }));
    const page = fixPage({ report: { ...REPORT, failures } }, STYLE);
    expect(page).toContain(
      '\n    b\n    c\n    d\n    …\n    expected: 1\n    actual: 2 3\n    at a.test.js:7\n  test 1',
    );
    expect(page).toContain('    not ␛[2Jequalxxx');
    expect(page.match(/at a\.test\.js:7/g)).toHaveLength(5);
    expect(Math.max(...page.split('\n').map((line) => line.length))).toBeLessThan(210);
  });

  test('counts the edits whose tests did not end', () => {
    expect(fixPage({ report: { ...REPORT, tried: 9, timedOut: 2 } }, STYLE)).toContain(
      '9 edits tried (2 ran out of time);',
    );
  });

  test('names files that do not parse', () => {
    const refusals = [{ file: 'f.js', reason: 'syntax_error', detail: 'Unexpected token (1:3)' }];
    const page = fixPage({ report: { ...REPORT, refusals } }, STYLE);
    expect(page).toContain('f.js does not parse: Unexpected token (1:3)');
  });

  test('says what became of --apply', () => {
    const pageOf = (applied: Parameters<typeof fixPage>[0]['applied']): string =>
      fixPage({ report: REPORT, ...(applied === undefined ? {} : { applied }) }, STYLE);
    expect(pageOf({ kind: 'applied', files: ['a.js'] })).toContain('written: a.js');
    expect(pageOf({ kind: 'already_applied' })).toContain('hold the repair already');
    expect(pageOf({ kind: 'changed_meanwhile', files: ['a.js'] })).toContain('changed meanwhile: a.js');
    expect(pageOf({ kind: 'refused', reason: 'through_link', path: 'lib/a.js' })).toContain(
      'is a link by now: lib/a.js',
    );
  });

  test('that was cancelled or waits says so', () => {
    expect(fixPage({ report: { ...REPORT, status: 'paused', diff: '', edits: [] } }, STYLE)).toMatch(/^paused in /);
    const page = fixPage(
      { report: { ...REPORT, status: 'cancelled', diff: '', edits: [], reproduced: undefined } },
      STYLE,
    );
    expect(page).toContain('more: vltair show r');
    expect(page).toContain('12 tests failed');
  });
});

const FAILURE = {
  code: 'timeout',
  reason: 'timeout/wall',
  message: 'A command did not end in its time: 3 s',
  where: 'npm test',
  retryable: false,
} as const;

const VISIT = {
  node: 'scan',
  kind: 'agent',
  notes: [],
  agent: 'test-exec',
  action: 'run',
  visit: 1,
  status: 'failed',
  signal: undefined,
  failure: FAILURE,
  because: undefined,
  startedTs: 0,
  endedTs: 5,
  attempts: [],
} as const;

const EFFECT = {
  key: 'scan#1/call#1',
  name: 'call',
  summary: 'call',
  executions: 2,
  reused: 1,
  status: 'failed',
  failure: FAILURE,
  spent: { timeMs: 3 },
} as const;

const SUMMARY: RunSummary = {
  run: 'r',
  childWaits: [],
  status: 'paused',
  workflow: 'w',
  manifest: { workflow: 'f'.repeat(64), agents: { shell: 'e'.repeat(64) }, flags: [1] },
  leftAlone: undefined,
  title: 'what\u001b',
  traceId: 't',
  createdTs: 0,
  updatedTs: 9,
  events: 4,
  takeovers: 2,
  interventions: [{ ts: 2, text: 'paused by ann: lunch' }],
  output: undefined,
  parent: undefined,
  forkedFrom: undefined,
  retries: 0,
  treeBefore: 'x',
  treeAfter: 'y',
  budget: {
    limit: { calls: 5 },
    reserved: { timeMs: 0, calls: 0, candidates: 0, tokens: 0, microUsd: 0 },
    spent: { timeMs: 3, calls: 2, candidates: 0, tokens: 0, microUsd: 0 },
  },
  visits: [
    {
      ...VISIT,
      attempts: [
        { attempt: 1, incarnations: 3, failure: FAILURE, effects: [EFFECT] },
        {
          attempt: 2,
          incarnations: 1,
          failure: undefined,
          effects: [{ ...EFFECT, reused: 2, status: 'parked', failure: undefined }],
        },
      ],
    },
    { ...VISIT, visit: 2, status: 'running', failure: undefined, endedTs: undefined },
    { ...VISIT, node: 'late', status: 'skipped', failure: undefined, because: 'scan failed' },
  ],
  cancel: { by: 'me', reason: 'enough' },
  failure: FAILURE,
  waitingFor: [{ kind: 'parked_effect', node: 'scan', key: 'scan#1/call#1' }],
  applied: { by: 'ann', directory: '/d', files: ['a.js'], ts: 1 },
  origin: 'fingerprint',
  archivedTs: undefined,
  restored: undefined,
};

describe('a run', () => {
  test('shows attempts, incarnations, effects, the failure and the next step', () => {
    const page = runPage(SUMMARY, STYLE);
    for (const text of [
      'what␛ (workflow w)',
      '2 of 5 calls',
      'taken up  2 times after an interruption',
      'signed by fingerprint',
      '✖ scan test-exec run: A command did not end in its time: 3 s, 5 ms',
      'attempt 1 of 2, taken up 2 times',
      '· call (3 ms, sent 2 times, answered from the ledger once, failed, A command',
      'answered from the ledger 2 times, parked',
      '▸ scan#2 test-exec run: running',
      '○ late test-exec run: skipped, scan failed',
      'cancelled by me: enough',
      'failed[timeout/wall]',
      '  where: npm test',
      'waits for scan: did "scan#1/call#1" happen?',
      'vltair resume r --parked retry',
      'written into /d by ann: a.js',
    ]) {
      expect(page).toContain(text);
    }
  });

  test('at rest says how to go on', () => {
    const state = {
      run: 'r',
      status: 'paused',
      failure: undefined,
      waitingFor: SUMMARY.waitingFor,
      createdTs: 0,
      ts: 4,
    };
    const outcome = { state: state as RunState, result: undefined, childWaits: [], diff: '', repositoryPath: '' };
    expect(outcomePage(outcome, STYLE)).toBe(
      'paused in 4 ms (run r)\nwaits for scan: did "scan#1/call#1" happen?\n  next: vltair resume r --parked retry (or fail)\n  more: vltair show r',
    );
  });

  test('that differs shows both decisions', () => {
    const recorded = { type: 'run.resumed' } as const;
    const text = differencesText('r', 9, [{ seq: 3, afterFact: 'run.created', recorded, decided: undefined }], plain);
    expect(text).toBe(
      'differs: r: 1 of 9 events\n  event 3, after run.created\n    recorded: {"type":"run.resumed"}\n    decided:  null',
    );
  });
});

test('the command is called as it can be typed', () => {
  expect(commandName({ npm_command: 'exec', PATH: '/nowhere' }, '/p/bin/vltair', '/p')).toBe('npx vltair');
  expect(commandName({ PATH: '/nowhere' }, '/p/bin/vltair', '/p')).toBe('./bin/vltair');
  expect(commandName({ PATH: '/nowhere' }, '/p/bin/vltair', '/p/a')).toBe('../bin/vltair');
  expect(commandName({ PATH: join(import.meta.dirname, '..', 'bin') }, '/p/bin/vltair', '/p')).toBe('vltair');
});

test('the demo ends with commands that can be typed', () => {
  const page = demoPage({ report: REPORT }, SUMMARY, "/tmp/it's", { ...STYLE, command: 'npx vltair' });
  expect(page).toContain(`npx vltair replay r --verify --directory '/tmp/it'\\''s'`);
  expect(page).toContain('✖ scan test-exec run');
});

test('a state without a workspace, in a second visit', () => {
  const place = { node: 'scan', visit: 2, attempt: 1, status: 'succeeded' } as const;
  const page = replayPage(
    {
      run: 'r',
      seq: 3,
      ts: 0,
      lastSeq: 9,
      status: 'running',
      ready: [],
      running: [],
      completed: [place, { ...place, node: 'late', visit: 1 }],
      waiting: [],
      suspended: [],
      parked: [],
      budget: SUMMARY.budget,
      tree: undefined,
    },
    plain,
  );
  expect(page).toContain('r after event 3 of 9, at 1970-01-01T00:00:00.000Z: running');
  expect(page).toContain('completed  scan#2 (succeeded), late (succeeded)');
  expect(page).not.toContain('tree');
});

test('a list of runs paints their status', () => {
  const row = {
    ...SUMMARY,
    run: 'r1',
    tenant: 'default',
    seq: 4,
    epoch: 1,
    joinKey: undefined,
    wakeTs: undefined,
    title: 'first\nline',
    waitingFor: [],
  };
  expect(runList([row], 60_000, painter(true))).toContain('\u001b[33mpaused\u001b[39m');
  expect(runList([row], 60_000, plain)).toMatch(/^r1 +paused +9 ms +1 m 00 s ago +first line$/m);
  const parked = { kind: 'parked_effect', node: 'pay', key: 'pay#1/call#1', because: 'restored' } as const;
  const waitingFor = [
    parked,
    { kind: 'signal', node: 's', name: 'go' },
    { kind: 'pause', by: 'ann', reason: 'lunch' },
  ] as const;
  expect(runList([{ ...row, waitingFor }], 60_000, plain)).toContain(
    'first line (parked, restored: pay#1/call#1; waits for signal go; paused by ann)',
  );
});

test('a status page tells what is wrong with a store and what the sandbox lacks', () => {
  const report = {
    version: '1',
    node: '24',
    dataDirectory: '/d',
    database: undefined,
    store: { kind: 'unusable', failure: FAILURE },
    owner: { pid: 7, startTime: '1', since: 0 },
    agents: [],
    redaction: {},
  } as const;
  const page = statusPage(report, { tier: 'process-group', mechanisms: { network: { available: false } } }, plain);
  expect(page).toContain(FAILURE.message);
  expect(page).toContain('process 7, since 1970-01-01T00:00:00.000Z');
  expect(page).toContain('process-group, without network');
  const runs = { queued: 0, running: 0, paused: 0, succeeded: 0, failed: 0, cancelled: 0 };
  const open = {
    ...report,
    store: {
      kind: 'open',
      logFormat: 1,
      runs,
      leftAlone: Array(7).fill({ run: 'r', failure: FAILURE }),
      fingerprint: undefined,
      identity: { store: 's', since: 0, backup: undefined },
      workers: [{ worker: 'host:9', lease: 3, isStanding: true, sinceTs: 0, untilTs: 5, told: {} }],
    },
    owner: undefined,
  } as const;
  expect(statusPage(open, { tier: 'bubblewrap', mechanisms: {} }, plain)).toMatch(
    /^runs +none\nleft alone +r: .*\n(.*\n){4} +and 2 more: vltair rehearse\nkey +not readable/m,
  );
  const shared = { ...open, database: 'postgres://vltair@db/store' };
  expect(statusPage(shared, undefined, plain)).toMatch(
    /^database +postgres:\/\/vltair@db\/store\n(.*\n)+workers +worker host:9, since 1970-01-01T00:00:00.000Z$/m,
  );
});

test('the host of this process', async () => {
  const { signal } = new AbortController();
  const host = processHost(signal);
  expect(host).toMatchObject({ directory: process.cwd(), environment: process.env, signal });
  expect(host.now()).toBeGreaterThan(0);
  expect(host.stderr.isOpen).toBe(true);
  expect(host.stderr.columns).toBeGreaterThan(0);
  expect(host.stdout.isTerminal).toBe(process.stdout.isTTY);
  host.stderr.write('');
  await Promise.resolve();
});

test('what the doctor found: each with its mark, and what to do', () => {
  const page = findingsPage(
    [
      { name: 'git', verdict: 'bad', detail: 'not found', advice: 'install git' },
      { name: 'python', verdict: 'weak', detail: 'none' },
    ],
    plain,
  );
  expect(page).toBe('✖ git     not found\n    next: install git\n! python  none');
});

describe('an event in one line', () => {
  const REF = { node: 'scan', visit: 1, attempt: 2 };
  const KEY = { ...REF, key: 'scan#1/call#1' };
  const cases: readonly (readonly [EventPayload, string])[] = [
    [{ type: 'run.claimed', worker: 'host:1' }, 'host:1'],
    [{ type: 'cancel.requested', by: 'me', reason: 'enough' }, 'by me: enough'],
    [{ type: 'timer.fired', timer: { kind: 'run_deadline' } }, 'run_deadline'],
    [
      { type: 'tree.applied', by: 'ann', directory: '/d', treeBefore: 'x', treeAfter: 'y', files: ['a', 'b'] },
      '/d by ann: a, b',
    ],
    [{ type: 'run.paused', waitingFor: [{ kind: 'parked_effect', node: 'scan', key: 'k' }] }, 'scan: did "k" happen?'],
    [{ type: 'run.resumed' }, 'run.resumed'],
    [{ type: 'run.succeeded' }, 'run.succeeded'],
    [{ type: 'run.failed', failure: FAILURE }, FAILURE.message],
    [{ type: 'run.cancelled', reason: 'enough' }, 'enough'],
    [{ type: 'attempt.stopping', ...REF, cause: 'cancelled' }, 'scan#1 attempt 2, cancelled'],
    [{ type: 'attempt.stopped', ...REF }, 'scan#1 attempt 2'],
    [
      { type: 'attempt.completed', ...REF, incarnation: 1, outcome: { kind: 'error', failure: FAILURE } },
      `scan#1 attempt 2: ${FAILURE.message}`,
    ],
    [{ type: 'node.skipped', node: 'scan', visit: 1, because: 'no need' }, 'scan#1: no need'],
    [{ type: 'node.cancelled', node: 'scan', visit: 1 }, 'scan#1'],
    [{ type: 'route.taken', from: 'a', to: 'b', signal: 'ok', region: [] }, 'a -ok-> b'],
    [{ ...intended(), execution: 2 }, 'scan#1/call#1: ask (execution 2)'],
    [
      {
        type: 'effect.recorded',
        key: KEY.key,
        node: 'scan',
        visit: 1,
        execution: 1,
        outcome: { kind: 'error', failure: FAILURE },
        spent: {},
      },
      `scan#1/call#1: ${FAILURE.message}`,
    ],
    [{ type: 'effect.reused', ...KEY }, 'scan#1/call#1: from the ledger'],
    [
      { type: 'effect.refused', ...KEY, dimension: 'calls', limit: 2, committed: 2, requested: 1, reserved: {} },
      'scan#1/call#1: calls 1 more than 2 of 2',
    ],
    [{ type: 'effect.parked', ...KEY, summary: 'ask' }, 'scan#1/call#1: ask'],
    [{ type: 'effect.resolved', key: KEY.key, resolution: 'retry', by: 'me' }, 'scan#1/call#1: retry by me'],
  ];

  test.each(cases)('%j', (payload, text) => {
    const event = { seq: 7, ts: 0, kind: 'fact', payload } as StoredEvent;
    const line = eventLine(event, plain);
    expect(line).toMatch(/^ {3}7 00:00:00\.000 fact/);
    expect(line.endsWith(text)).toBe(true);
    expect(line).not.toContain('\n');
  });

  function intended(): FactOf<'effect.intended'> {
    return {
      type: 'effect.intended',
      ...KEY,
      name: 'call',
      occurrence: 1,
      argumentsDigest: 'd',
      summary: 'ask',
      policy: 'once',
      execution: 1,
      reserved: {},
      notAfter: 1,
    };
  }
});
