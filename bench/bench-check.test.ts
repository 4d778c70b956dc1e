import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { verifies } from '../e2e/verifies.ts';
import { checkLockfile } from '../tools/check-lockfile.ts';
import { checkFileNames } from '../tools/rules/file-names.ts';
import { aMeasurement, aMetric } from './durable/a-measurement.ts';
import { OWN_CONTENDERS, PEER_CONTENDERS } from './durable/contenders.ts';

const directory = mkdtempSync(join(tmpdir(), 'vltair-bench-'));
afterAll(() => rmSync(directory, { recursive: true }));

function file(name: string, perSecond: number, unit = 'count'): string {
  const rate = aMetric({ of: 'vltair-sqlite', inFlight: 50, name: 'workflows_per_second' }, [perSecond]);
  writeFileSync(join(directory, name), JSON.stringify(aMeasurement([{ ...rate, unit }])));
  return join(directory, name);
}

function check(...words: readonly string[]) {
  return spawnSync(process.execPath, [join(import.meta.dirname, 'bench_check.ts'), ...words], { encoding: 'utf8' });
}

test('bench_check fails when a metric is worse by more than the threshold, and writes the differences', () => {
  verifies('CI-3');
  const [baseline, diff] = [file('baseline.json', 1_000), join(directory, 'diff.json')];
  const words = ['--baseline', baseline, '--current', file('worse.json', 900), '--threshold', '0.05', '--diff', diff];
  const { status, stdout } = check(...words);
  expect(stdout).toMatch(/FAIL +vltair-sqlite\/50\/workflows_per_second +10 +9 +-10\.0 %/);
  expect(status).toBe(1);
  const { differences } = JSON.parse(readFileSync(diff, 'utf8')) as { differences: readonly object[] };
  expect(differences).toMatchObject([{ key: 'vltair-sqlite/50/workflows_per_second', worseBy: 0.1, verdict: 'worse' }]);
});

test('bench_check passes what is no worse, with a larger threshold also what is', () => {
  verifies('CI-7');
  const [baseline, worse] = [file('baseline.json', 1_000), file('worse.json', 900)];
  expect(check('--baseline', baseline, '--current', file('same.json', 990)).status).toBe(0);
  const { status, stdout } = check('--baseline', baseline, '--current', worse, '--threshold', '0.2', '--json');
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ threshold: 0.2, differences: [{ verdict: 'holds' }] });
});

test('bench_check refuses a metric that the registry does not allow, and a measurement that is not named', () => {
  verifies('OB-16');
  const { status, stderr } = check('--baseline', file('baseline.json', 1), '--current', file('unit.json', 1, 'wishes'));
  expect(stderr).toContain("has the unit 'wishes' where the registry says 'count'");
  expect(status).toBe(2);
  expect(check().stderr).toContain('--current FILE is needed');
});

test('bench_check fails for a contender that could not run, and says why it could not', () => {
  verifies('CI-7');
  const skipped = join(directory, 'skipped.json');
  const reason = 'no PostgreSQL server answers at 127.0.0.1:5432';
  writeFileSync(skipped, JSON.stringify({ ...aMeasurement([]), skipped: { 'vltair-postgres': reason } }));
  const { status, stderr } = check('--baseline', file('baseline.json', 1_000), '--current', skipped);
  expect(stderr).toContain(`vltair-postgres was skipped: ${reason}`);
  expect(status).toBe(1);
});

test('the kept baseline holds every gated metric of every load of ours', () => {
  verifies('CI-3');
  const baseline = join(import.meta.dirname, 'baseline.json');
  const { status, stdout } = check('--current', baseline, '--json');
  expect(status).toBe(0);
  const { differences } = JSON.parse(stdout) as { differences: readonly { key: string }[] };
  const loads = OWN_CONTENDERS.flatMap(({ name, levels }) => levels.map((level) => `${name}/${level}`));
  const wanted = loads.flatMap((of) => ['workflows_per_second', 'latency_p50'].map((name) => `${of}/${name}`));
  expect(differences.map(({ key }) => key)).toEqual(expect.arrayContaining(wanted));
});

test('the peers are pinned, locked with hashes and without addresses, and their files are named as ours are', () => {
  const peers = join(import.meta.dirname, 'peers');
  expect(checkLockfile(peers)).toEqual([]);
  expect(checkFileNames(PEER_CONTENDERS.map(({ script }) => script.slice(join(peers, '..', '..').length + 1)))).toEqual(
    [],
  );
});
