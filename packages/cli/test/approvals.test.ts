import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { verifies } from '../../../e2e/verifies.ts';
import { runHere, smallProject, startCommand, temporaryDirectory } from './command-fixture.ts';

const release = (approval: string): string => `
name: release
nodes:
  - id: scan
    agent: debug
    input: { errorLog: 'Error: boom at a.js:3' }
  - id: deploy
    agent: debug
    needs: [scan]
    approval: ${approval}
    input: { errorLog: 'deploy {{input.what}}' }
output: { what: '{{input.what}}' }
`;

function withWorkflow(approval: string): string {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, 'release.yaml'), release(approval));
  return directory;
}

/** Begins the workflow in a process of its own, which ends when only a person can bring the run on. */
async function begun(approval = '{ message: "Deploy {{input.what}}?" }'): Promise<string> {
  const directory = withWorkflow(approval);
  const started = await startCommand(['run', 'release.yaml', '--input', '{"what":"web"}', '--json'], { directory })
    .result;
  expect(started.code).toBe(3);
  expect(JSON.parse(started.stdout)).toMatchObject({ status: 'paused' });
  return directory;
}

async function types(directory: string): Promise<readonly string[]> {
  const { stdout } = await runHere(['events', 'last', '--json'], { directory });
  return stdout
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { payload: { type: string } }).payload.type);
}

describe('an approval, answered by another process', () => {
  test('yes: recorded, and gone on with in the foreground; the page tells who and after how long', async () => {
    verifies('H-11');
    const directory = await begun();
    const yes = await startCommand(['approve', 'last', '--comment', 'fine'], { directory }).result;
    expect(yes.code).toBe(0);
    expect(yes.stdout).toContain('"what": "web"');
    const { stdout } = await runHere(['show', 'last'], { directory });
    expect(stdout).toMatch(/asked: Deploy web\?\n +approved by \S+ after [\d.]+ m?s: fine/);
  });

  test('yes with --detach: only recorded; resume goes on', async () => {
    const directory = await begun();
    const yes = await startCommand(['approve', 'last', 'deploy', '--detach'], { directory }).result;
    expect([yes.code, yes.stdout]).toEqual([0, expect.stringContaining('recorded: approve')]);
    expect(await types(directory)).not.toContain('run.succeeded');
    expect((await runHere(['resume', 'last'], { directory })).code).toBe(0);
  });

  test('no: the run ends without the node, and says why; a second answer is refused', async () => {
    verifies('H-11');
    const directory = await begun();
    const no = await startCommand(['reject', 'last', '--reason', 'not on a Friday'], { directory }).result;
    expect([no.code, no.stdout]).toEqual([1, expect.stringContaining('not on a Friday')]);
    expect((await types(directory)).filter((type) => type === 'attempt.scheduled')).toHaveLength(1);
    const again = await runHere(['approve', 'last', 'deploy'], { directory });
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining('invalid_argument/run_ended')]);
  });

  test('a second answer while the run goes on is refused with who decided', async () => {
    const directory = temporaryDirectory();
    writeFileSync(
      join(directory, 'two.yaml'),
      `name: two\nnodes:\n  - { id: a, approval: { message: A? } }\n  - { id: b, approval: { message: B? } }\n`,
    );
    await startCommand(['run', 'two.yaml'], { directory }).result;
    expect((await runHere(['approve', 'last'], { directory })).stderr).toContain('waits for several: a#1, b#1');
    expect((await runHere(['approve', 'last', 'a'], { directory })).code).toBe(3);
    const again = await runHere(['reject', 'last', 'a', '--reason', 'late'], { directory });
    expect([again.code, again.stderr]).toEqual([2, expect.stringMatching(/approval_decided.*a#1 granted by/s)]);
  });

  test('a warning, then the expiry, decided when somebody works on the run', async () => {
    const directory = await begun('{ message: "Deploy?", expires: 5s, warnBefore: 4900ms }');
    await sleep(200);
    await startCommand(['pause', 'last'], { directory }).result;
    expect(await types(directory)).toContain('approval.warned');
    await sleep(5_000);
    const late = await startCommand(['approve', 'last', 'deploy'], { directory }).result;
    expect(late.code).toBe(2);
    expect((await startCommand(['resume', 'last'], { directory }).result).code).toBe(1);
    expect((await types(directory)).slice(-5)).toContain('approval.expired');
    expect((await runHere(['show', 'last'], { directory })).stdout).toContain('Nobody answered the approval');
  });

  test('a cancel takes the question back', async () => {
    const directory = await begun();
    expect((await startCommand(['cancel', 'last'], { directory }).result).code).toBe(0);
    expect((await types(directory)).slice(-2)).toEqual(['approval.cancelled', 'run.cancelled']);
    expect((await runHere(['approve', 'last', 'deploy'], { directory })).stderr).toContain('run_ended');
  });

  test('a call that has changed is asked about anew; the answer to the earlier one is refused', async () => {
    const directory = temporaryDirectory();
    writeFileSync(
      join(directory, 'change.yaml'),
      `
name: change
nodes:
  - { id: target, signal: { form: { type: string } } }
  - id: deploy
    agent: debug
    needs: [target]
    approval: { message: 'Deploy {{target.output.data}}?' }
    input: { errorLog: 'deploy {{target.output.data}}' }
`,
    );
    await startCommand(['run', 'change.yaml'], { directory }).result;
    const asked = await startCommand(['signal', 'last', 'target', '--data', '"web"'], { directory }).result;
    expect(asked.stdout).toContain('deploy#1: Deploy web?');
    await startCommand(['rollback', 'last', '--to', '3'], { directory }).result;
    const anew = await startCommand(['signal', 'last', 'target', '--data', '"all of it"'], { directory }).result;
    expect(anew.stdout).toContain('deploy#2: Deploy all of it?');
    const late = await startCommand(['approve', 'last', 'deploy#1'], { directory }).result;
    expect([late.code, late.stderr]).toEqual([2, expect.stringContaining('deploy#1 cancelled')]);
    expect((await startCommand(['approve', 'last'], { directory }).result).code).toBe(0);
    const { stdout } = await runHere(['show', 'last'], { directory });
    expect(stdout).toMatch(/■ deploy debug run: cancelled[^]*deploy#2 debug run: success/);
  });

  test('an answer that comes too late begins nothing, and leaves the run as it was', async () => {
    const directory = await begun('{ message: "Deploy?", expires: 1s }');
    const before = await types(directory);
    await sleep(1_200);
    const late = await startCommand(['approve', 'last', 'deploy'], { directory }).result;
    expect([late.code, late.stderr]).toEqual([2, expect.stringContaining('invalid_argument/approval_decided')]);
    expect(await types(directory)).toEqual(before);
  });

  test('what a child run asks is told with the command that answers it', async () => {
    const directory = temporaryDirectory();
    const child = `workflows: { child: { nodes: [{ id: ask, approval: { message: Really? } }] } }`;
    writeFileSync(
      join(directory, 'parent.yaml'),
      `name: parent\nnodes: [{ id: below, subrun: { workflow: child } }]\n${child}\n`,
    );
    const started = await startCommand(['run', 'parent.yaml'], { directory }).result;
    const [, id = ''] = /approve (\S+\.1) ask/.exec(started.stdout) ?? [];
    expect([started.code, started.stdout]).toEqual([3, expect.stringContaining(`waits for its child ${id}`)]);
    expect((await runHere(['show', 'last'], { directory })).stdout).toContain(`approve ${id} ask`);
    expect((await runHere(['approve', 'last'], { directory })).stderr).toContain(`waits for its child ${id}`);
    expect((await startCommand(['approve', id], { directory }).result).code).toBe(0);
    expect((await runHere(['show', 'last'], { directory })).stdout).toMatch(/^\S+ succeeded/);
  });

  test('who is none of the approvers is refused', async () => {
    const directory = await begun('{ message: "Deploy?", approvers: [nobody-else] }');
    const refused = await runHere(['approve', 'last'], { directory });
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('nobody-else')]);
  });
});

describe('a policy that asks before a call', () => {
  const policy = (directory: string, rules: string): void => {
    mkdirSync(join(directory, '.vltair'), { recursive: true });
    writeFileSync(join(directory, '.vltair', 'policy.yaml'), rules);
  };
  const asking = 'rules: [{ name: tests-are-asked-for, match: { agent: test-exec }, verdict: ask }]\n';

  test('holds the call over a restart; approved, it is sent; a policy that is stricter by then denies it', async () => {
    const directory = smallProject({ isGreen: true });
    policy(directory, asking);
    const held = await startCommand(['fix'], { directory }).result;
    expect(held.code).toBe(3);
    expect((await runHere(['show', 'last'], { directory })).stdout).toMatch(
      /waits for reproduce: approval reproduce#1/,
    );
    expect((await startCommand(['approve', 'last', 'reproduce', '--detach'], { directory }).result).code).toBe(0);
    policy(directory, 'rules: [{ name: no-tests-today, match: { agent: test-exec }, verdict: deny }]\n');
    const denied = await startCommand(['resume', 'last'], { directory }).result;
    expect([denied.code, denied.stdout]).toEqual([1, expect.stringContaining('no-tests-today')]);
    expect(await types(directory)).toEqual(
      expect.arrayContaining(['effect.held', 'approval.granted', 'effect.denied']),
    );
  });

  test('a policy that is not understood lets nothing begin, naming the file', async () => {
    const directory = smallProject({ isGreen: true });
    policy(directory, 'rules: [{ name: r, verdict: maybe }]\n');
    const refused = await startCommand(['fix'], { directory }).result;
    expect(refused.stderr).toMatch(/invalid_argument\/policy.*rules\.0\.verdict/s);
  });
});

test('the budget of a run, with its history, as JSON of one form', async () => {
  verifies('BM-3');
  const directory = await begun();
  const shown = await runHere(['budget', 'show', '--task', 'last', '--history', '--json'], { directory });
  expect(Object.keys(JSON.parse(shown.stdout) as object)).toEqual(['ok', 'run', 'status', 'budget', 'history']);
  expect((await runHere(['budget', 'show', '--task', 'last', '--history', '--json'], { directory })).stdout).toBe(
    shown.stdout,
  );
  const missing = await runHere(['budget', 'show', '--task', 'ffff', '--json'], { directory });
  expect([missing.code, missing.stdout]).toEqual([2, expect.stringContaining('"ok":false')]);
});
