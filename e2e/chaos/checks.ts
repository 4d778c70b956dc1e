import { readdirSync, readFileSync } from 'node:fs';
import {
  exportRun,
  hasEnded,
  verifyCommits,
  verifyExport,
  verifyReplay,
  waitsOf,
  type CommandAnswer,
  type EventStore,
} from '../../packages/core/src/index.ts';
import { verifyOwnCommits } from '../../packages/core/src/journal/verify-run.ts';
import { checkFamilies, checkRun } from '../../packages/core/test/simulation/invariants.ts';
import type { RunBook } from '../../packages/core/test/simulation/log-book.ts';
import { Violation } from '../../packages/core/test/simulation/violation.ts';
import { faultsOfEffects } from './check-effects.ts';
import { faultsOfPromises } from './check-promises.ts';
import type { Heard } from './heard.ts';
import { moment } from './moment.ts';
import { faultsOfHistories, historiesOf, type RegisterLine, type RegisterStep } from './register-history.ts';
import { bookOf, isRelated } from './run-books.ts';
import type { OddEnd } from './supervised-child.ts';
import type { Witness } from './witness.ts';

/** What must hold, and what does not: a sentence each. */
export interface Check {
  readonly what: string;
  readonly faults: readonly string[];
}

export interface Proof {
  readonly store: EventStore;
  readonly registers: EventStore;
  readonly heard: ReadonlyMap<string, readonly Heard[]>;
  readonly registerLines: readonly RegisterLine[];
  readonly witness: Witness;
  readonly oddEnds: readonly OddEnd[];
  /** Processes of this campaign name it in their arguments. */
  readonly root: string;
  /** Those of the database server, which still serves. */
  readonly serving: readonly number[];
  /** Is shown every run's log on the way. */
  readonly show: (book: RunBook) => void;
}

/** Of so many runs the export is written and verified, each against every commit of the store; every log is verified in any case. */
const EXPORTS = 4;
const ALL = 10_000_000;

/** Everything that can be told from the logs, the outside, and what was heard, once all processes have ended. */
export async function checkAll(proof: Proof): Promise<readonly Check[]> {
  const { store, registers } = proof;
  const faults = new RunFaults();
  for (const { run } of await store.runs({ limit: ALL })) await faults.add(proof, run);
  faults.addFamilies();
  for (const [run, heard] of proof.heard)
    if (!faults.runs.has(run))
      faults.promises.push(...of(run, faultsOfPromises(undefined, heard, await answersTo(store, heard))));
  return [
    { what: 'nothing that was acknowledged is missing', faults: faults.promises },
    {
      what: 'the outside did what is recorded, and did not do it again',
      faults: [...faults.effects, ...strangers(proof, faults)],
    },
    { what: 'every invariant of the simulation holds for every log', faults: faults.invariants },
    {
      what: 'every log verifies: chain, signed commits, status',
      faults: [...faults.chains, ...(await faultsOfCommits(store))],
    },
    {
      what: `the exports of ${Math.min(EXPORTS, faults.runs.size)} runs verify`,
      faults: await faultsOfExports(store, [...faults.runs]),
    },
    { what: 'verified replay of every run is empty', faults: faults.replays },
    { what: 'every run has ended, or waits for a person', faults: faults.unsettled },
    { what: 'the inbox is empty', faults: (await store.inbox()).map(({ id }) => id) },
    { what: 'every history of the append port is linearisable', faults: await faultsOfRegisters(proof, registers) },
    {
      what: 'no process ended in a way that no fault explains',
      faults: proof.oddEnds.map(({ name, how }) => `${name}: ${how}`),
    },
    { what: 'no process is left', faults: processesOf(proof) },
  ];
}

/** What is wrong with single runs, by kind. */
class RunFaults {
  readonly runs = new Set<string>();
  readonly promises: string[] = [];
  readonly effects: string[] = [];
  readonly invariants: string[] = [];
  readonly chains: string[] = [];
  readonly replays: string[] = [];
  readonly unsettled: string[] = [];
  readonly #related = new Map<string, RunBook>();

  async add({ store, heard, witness, show }: Proof, run: string): Promise<void> {
    const book = await bookOf(store, run);
    this.runs.add(run);
    const promised = heard.get(run) ?? [];
    const events = book.landed.map(({ event }) => event);
    this.promises.push(...of(run, faultsOfPromises(events, promised, await answersTo(store, promised))));
    const payloads = events.map(({ payload }) => payload);
    this.effects.push(
      ...of(
        run,
        faultsOfEffects(payloads, (key) => witness.of(run, key)),
      ),
    );
    this.#holds(() => checkRun(book, { calls: witness.ofRun(run) }));
    const [difference] = verifyReplay(events);
    if (difference !== undefined) this.replays.push(`${run}: ${JSON.stringify(difference)}`);
    const verdict = await verifyOwnCommits(store, run);
    if (verdict.kind === 'refused') this.chains.push(`${run}: ${verdict.detail}`);
    const state = book.states.at(-1);
    if (state !== undefined && !hasEnded(state) && (state.status !== 'paused' || waitsOf(state).length === 0))
      this.unsettled.push(`${run} is ${state.status}`);
    if (isRelated(book)) this.#related.set(run, book);
    show(book);
  }

  addFamilies(): void {
    const runs = [...this.#related.values()];
    this.#holds(() => checkFamilies({ runs, of: (run) => this.#related.get(run) }));
  }

  #holds(check: () => void): void {
    try {
      check();
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      this.invariants.push(error.message);
    }
  }
}

function of(run: string, faults: readonly string[]): readonly string[] {
  return faults.map((fault) => `${run}: ${fault}`);
}

async function answersTo(store: EventStore, heard: readonly Heard[]): Promise<ReadonlyMap<string, CommandAnswer>> {
  const answers = new Map<string, CommandAnswer>();
  for (const each of heard) {
    const answer = each.what === 'sent' ? await store.answerTo(each.id) : undefined;
    if (answer !== undefined) answers.set(answer.id, answer);
  }
  return answers;
}

/** The outside was called for a run that no log knows. */
function strangers({ witness }: Proof, { runs }: RunFaults): readonly string[] {
  return witness.calls.flatMap(({ run, key }) =>
    runs.has(run) ? [] : [`${run}: ${key} was called, and the run is not there`],
  );
}

async function faultsOfCommits(store: EventStore): Promise<readonly string[]> {
  const verdict = await verifyCommits(store);
  return verdict.kind === 'verified' ? [] : [verdict.detail];
}

async function faultsOfExports(store: EventStore, runs: readonly string[]): Promise<readonly string[]> {
  const faults: string[] = [];
  const step = Math.max(1, Math.floor(runs.length / EXPORTS));
  for (const run of runs.filter((_, index) => index % step === 0).slice(0, EXPORTS)) {
    const lines = await Array.fromAsync(exportRun(store, run));
    const verdict = verifyExport(Buffer.from(lines.join('')), { fingerprint: store.signer().fingerprint });
    if (verdict.kind === 'refused') faults.push(`${run}: ${verdict.detail}`);
  }
  return faults;
}

/** With one last read of each register behind everything else, and the proof of its log. */
async function faultsOfRegisters({ registerLines }: Proof, store: EventStore): Promise<readonly string[]> {
  const faults: string[] = [];
  const histories = new Map<string, readonly RegisterStep[]>();
  for (const [key, steps] of historiesOf(registerLines)) {
    const begin = moment();
    const events = await store.read(key);
    const tokens = events.map(({ payload }) => ('worker' in payload ? payload.worker : ''));
    const last: RegisterStep = {
      client: 'the end',
      input: { do: 'read' },
      begin,
      ended: { at: moment(), output: { kind: 'events', tokens } },
    };
    histories.set(key, [...steps, last]);
    if (events.length === 0) continue;
    const verdict = await verifyOwnCommits(store, key);
    if (verdict.kind === 'refused') faults.push(`${key}: ${verdict.detail}`);
  }
  return [...faults, ...faultsOfHistories(histories)];
}

function processesOf({ root, serving }: Proof): readonly string[] {
  const pids = readdirSync('/proc').filter(
    (pid) => /^\d+$/.test(pid) && ![process.pid, ...serving].includes(Number(pid)),
  );
  return pids.filter((pid) => commandLine(pid).includes(root));
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    // The process has ended since it was listed.
    return '';
  }
}
