import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decisionSchema, factSchema, payloadText, readPayload, type RunEvent } from '@vltair/protocol';
import { describe, expect, test } from 'vitest';
import { verifies } from '../../../e2e/verifies.ts';
import { Archiver, exportRun, importRun, knownFlags } from '../src/index.ts';
import { readKeptFiles, writeGeneration, type KeptFile, type KeptRun } from './histories/kept-histories.ts';
import { aDirectory } from './journal-builders.ts';
import { openReplayedStore } from './replayed-store.ts';
import { problemsOf, readHistory, replayProblems } from './histories/replay-history.ts';

/** A rule that changed shows in hundreds of runs; the first ones are enough. */
const MOST_SHOWN = 12;

const files = readKeptFiles();

test.each(files)('$name: every run still verifies, is read, replays and ends as it did', ({ name, signer, runs }) => {
  verifies('OC-14');
  const problems = runs.flatMap((run) => problemsOf(run, signer).map((problem) => placed(name, run, problem)));
  const more = problems.length > MOST_SHOWN ? [`and ${problems.length - MOST_SHOWN} more`] : [];
  expect([...problems.slice(0, MOST_SHOWN), ...more].join('\n')).toBe('');
});

function placed(file: string, { from, run }: KeptRun, problem: string): string {
  return `${file}: ${from}, run ${run}: ${problem}`;
}

describe('the kept histories', () => {
  const lines = files.flatMap(({ runs, signer }) => runs.flatMap((run) => linesOf(run, signer)));
  const types = [...factSchema.options, ...decisionSchema.options].map((option) => option.shape.type.value);

  test('are those of hundreds of runs, simulated and of the command', () => {
    expect(runsOf('simulated').length).toBeGreaterThanOrEqual(500);
    expect(runsOf('commands').length).toBeGreaterThanOrEqual(25);
  });

  test('hold every type of event in the form in which it is written today: a new form needs a new generation', () => {
    const current = lines.filter(
      ({ header, payload }) => payload !== undefined && payloadText(readPayload(header, payload)) === payload,
    );
    expect([...new Set(current.map(({ header }) => header.type))].toSorted()).toEqual(types.toSorted());
  });

  test('hold runs under every behaviour flag: a new flag needs a new generation', () => {
    const flags = lines.flatMap(({ header, payload }) => {
      const read = payload === undefined ? undefined : readPayload(header, payload);
      return read?.type === 'run.created' ? read.manifest.flags : [];
    });
    expect(new Set(flags)).toEqual(knownFlags);
  });

  test('are under the flags that the guide shows', () => {
    const guide = readFileSync(join(import.meta.dirname, '..', '..', '..', 'docs', 'upgrades.md'), 'utf8');
    expect(guide).toMatch(new RegExp(`^pinned .*, flags ${[...knownFlags].join(' ')}$`, 'm'));
  });

  test('hold a run whose payloads are purged: what is left of it is its chain, and the purge', () => {
    const ofRun = Map.groupBy(lines, ({ header }) => header.run).values();
    const purged = [...ofRun]
      .map((all) => all.filter(({ payload }) => payload === undefined))
      .find((gone) => gone.length > 0);
    const run = purged?.[0]?.header.run;
    const left = lines.filter(({ header, payload }) => header.run === run && payload !== undefined);
    expect(left.slice(-1)).toMatchObject([{ header: { type: 'payload.purged', seq: (purged?.length ?? 0) + 1 } }]);
  });

  test('are never recorded over', () => {
    const [generation = ''] = files.map(({ name }) => name.split('/')[0]);
    expect(() => writeGeneration(generation, {})).toThrow(`the generation ${generation} is recorded already`);
  });
});

test('a store takes in what an earlier version wrote, gives it out byte for byte, and tells it in the form of today', async () => {
  const { signer, runs } = fileOf('commands');
  const run = runs.find(({ text }) => text.includes('"type":"tree.applied"')) ?? expect.fail('no change was applied');
  const directory = aDirectory();
  const store = await openReplayedStore({
    directory: directory.path,
    mode: 'write',
    now: () => 0,
    onWarning: (warning) => expect.fail(warning),
  });
  await importRun(store, Buffer.from(run.text), { fingerprint: signer, dropTornTail: false });
  const isRead = async (): Promise<void> => {
    expect((await store.read(run.run)).at(-1)?.payload).toMatchObject({ type: 'tree.applied', by: 'unknown' });
    const lines = await Array.fromAsync(exportRun(store, run.run));
    expect(lines.slice(0, -1).join('')).toBe(run.text.slice(0, run.text.lastIndexOf('{"footer":')));
    expect(lines.at(-2)).not.toContain('unknown');
  };
  await isRead();
  const archiver = new Archiver(directory.path);
  expect(archiver.archive(run.run, 0)).toMatchObject({ events: run.events });
  archiver.close();
  await isRead();
  await store.close();
  directory.remove();
});

describe('a history is told to differ', () => {
  const file = fileOf('simulated');
  const run = runWith('node.skipped');

  test('when a decision is another one: by its event, what was recorded and what is decided', () => {
    const events = eventsOf(run).map(withOtherReason);
    const seq = events.find(({ payload }) => payload.type === 'node.skipped')?.seq;
    const [problem] = replayProblems(events, run.status);
    expect(problem).toMatch(new RegExp(`^event ${seq}, after [a-z]+\\.[a-z]+:\n +recorded .*"of old".*\n +decided .*`));
  });

  test('when it ends otherwise', () => {
    const problem = 'it ends cancelled, and was recorded as succeeded';
    expect(replayProblems(eventsOf(runWith('run.cancelled')), 'succeeded')).toEqual([problem]);
  });

  test('when it cannot be folded', () => {
    const gap = eventsOf(run).filter(({ seq }) => seq !== 2);
    expect(replayProblems(gap, run.status).join()).toMatch(/^it cannot be replayed: RangeError: .* seq/);
  });

  test('when a byte of it has changed, its end is missing, or somebody else has signed it', () => {
    const altered = { ...run, text: run.text.replace('node.skipped', 'node.skipper') };
    expect(problemsOf(altered, file.signer).join()).toContain('invalid_argument/export_altered');
    const torn = { ...run, text: run.text.slice(0, -200) };
    expect(problemsOf(torn, file.signer).join()).toContain('invalid_argument/export_torn');
    expect(problemsOf(run, fileOf('commands').signer).join()).toContain('invalid_argument/export_key');
  });

  test('when it is not the run that the index lists', () => {
    expect(problemsOf({ ...run, events: run.events + 1 }, file.signer).join()).toContain('the index lists');
  });

  function runWith(type: string): KeptRun {
    const found = file.runs.find(({ text }) => text.includes(`"type":"${type}"`));
    return found ?? expect.fail(`no run holds ${type}`);
  }

  function eventsOf(kept: KeptRun): readonly RunEvent[] {
    const history = readHistory(kept, file.signer);
    return 'problem' in history ? expect.fail(history.problem) : history.events;
  }
});

function withOtherReason(event: RunEvent): RunEvent {
  const { payload } = event;
  return payload.type === 'node.skipped' ? { ...event, payload: { ...payload, because: 'of old' } } : event;
}

function fileOf(name: string): KeptFile {
  const found = files.find((file) => file.name.endsWith(`/${name}.jsonl.br`));
  return found ?? expect.fail(`there is no file ${name}`);
}

function linesOf(run: KeptRun, signer: string) {
  const history = readHistory(run, signer);
  return 'problem' in history ? [] : history.lines;
}

function runsOf(name: string): readonly KeptRun[] {
  return files.filter((file) => file.name.endsWith(`/${name}.jsonl.br`)).flatMap(({ runs }) => runs);
}
