import type { JsonObject, WaitingFor } from '@vltair/protocol';
import type { EventStore, InboxCommand, RuntimeCommand, RunState } from '../../src/index.ts';
import { hasEnded } from '../../src/machine/run-state.ts';
import { VirtualClock } from '../../src/simulation/virtual-clock.ts';
import type { Choices } from './choices.ts';
import type { LogBook } from './log-book.ts';
import type { Wish } from './scenario.ts';
import { START_TS, type SimulatedWorker } from './simulated-worker.ts';
import type { Actor, Stage } from './stage.ts';
import type { World } from './world.ts';

export interface PeopleParts {
  readonly choices: Choices;
  readonly stage: Stage;
  readonly book: LogBook;
  readonly world: World;
  readonly wishes: readonly Wish[];
  readonly store: EventStore;
  readonly worker: (which: number) => SimulatedWorker | undefined;
  /** Workers answer what nobody else would; without any, whoever sends a command sees to it that somebody does. */
  readonly hasStanding: boolean;
  readonly wrote: () => void;
}

/** Those in front of the product: they answer what runs wait for, and wish for this and that. They never die. */
export class People implements Actor {
  readonly name = 'people';
  readonly clock = new VirtualClock(START_TS);
  readonly isAlive = true;
  readonly isFrozen = false;
  readonly slowness = 1;
  readonly #parts: PeopleParts;
  readonly #wishes: Wish[];
  readonly #answered = new Set<string>();
  /** What was put into the inbox. */
  readonly sent: InboxCommand[] = [];
  #forks = 0;
  #onTheWay = 0;

  constructor(parts: PeopleParts) {
    this.#parts = parts;
    this.#wishes = parts.wishes.toSorted((left, right) => left.turn - right.turn);
    parts.stage.enter(this);
  }

  /** What they said is on its way. */
  get hasMore(): boolean {
    return this.#onTheWay > 0;
  }

  /** They wish for nothing more. */
  get isContent(): boolean {
    return this.#wishes.length === 0;
  }

  /** `calmTurns`: for how long nothing has gone wrong any more; 0: it still does. */
  act(calmTurns: number): void {
    const { stage, choices } = this.#parts;
    while (this.#wishes[0] !== undefined && this.#wishes[0].turn <= stage.taken) {
      const wish = this.#wishes.shift();
      if (wish !== undefined) this.#wish(wish);
    }
    if (calmTurns > 0 ? stage.isQuiet : choices.chance('people', 6)) this.#answer(calmTurns);
  }

  #answer(calmTurns: number): void {
    const isCalm = calmTurns > 0;
    for (const { run, states } of this.#parts.book.runs) {
      const state = states.at(-1);
      if (state === undefined || hasEnded(state)) continue;
      for (const waiting of waitsOf(state)) this.#answerWait(run, state, waiting, isCalm);
      if (calmTurns > LONG_TURNS && isHung(state))
        this.#once(`${run} hangs`, () =>
          this.#send(run, { type: 'cancel', by: 'ann', reason: 'it hangs' }, 1 + this.#parts.choices.pick('people', 2)),
        );
    }
  }

  #answerWait(run: string, state: RunState, waiting: WaitingFor, isCalm: boolean): void {
    this.#once(`${run} ${state.seq} ${JSON.stringify(waiting)}`, () => {
      const command = this.#commandFor(run, waiting, isCalm);
      if (command === undefined) return;
      if (this.#parts.choices.chance('people', 40)) this.#tell(run, command, this.#parts.choices.pick('people', 4));
      else this.#send(run, command, 1 + this.#parts.choices.pick('people', 2));
    });
  }

  /** Not again soon: what nobody heard is said again. */
  #once(what: string, say: () => void): void {
    const place = `${what} ${Math.floor(this.#parts.stage.taken / PATIENCE_TURNS)}`;
    if (this.#answered.has(place)) return;
    this.#answered.add(place);
    say();
  }

  /** A person who is asked about a call looks at the world first. */
  #commandFor(run: string, waiting: WaitingFor, isCalm: boolean): RuntimeCommand | undefined {
    const { choices, world } = this.#parts;
    switch (waiting.kind) {
      case 'parked_effect': {
        const { key } = waiting;
        return { type: 'resolve', by: 'ann', key, resolution: world.hasHappened(run, key) ? 'fail' : 'retry' };
      }
      case 'approval': {
        const { approval } = waiting;
        if (choices.chance('people', 30)) return { type: 'reject', by: 'ann', approval, reason: 'no' };
        return choices.chance('people', isCalm ? 0 : 30) ? undefined : { type: 'approve', by: 'ann', approval };
      }
      case 'signal':
        return { type: 'signal', by: 'ann', name: waiting.name, data: { words: 'here' } };
      case 'pause':
        return { type: 'resume', by: 'ann' };
      case 'sleep':
        return undefined;
    }
  }

  #wish(wish: Wish): void {
    const { book } = this.#parts;
    const state = book.runs[wish.which % Math.max(1, book.runs.length)]?.states.at(-1);
    if (state === undefined) return;
    if (wish.kind === 'fork') return this.#fork(state, wish.which);
    if (wish.kind === 'apply') return this.#apply(state, wish.which);
    const command = commandOf(wish, state);
    if (wish.sent === 0) this.#tell(state.run, command, wish.which);
    else this.#send(state.run, command, wish.sent);
  }

  #fork({ run, workflow }: RunState, which: number): void {
    const node = workflow.nodes[which % workflow.nodes.length]?.id ?? '';
    this.#forks += 1;
    const fork = { run: `${run}-fork${this.#forks}`, from: run, node, traceId: TRACE_ID };
    this.#parts.worker(which)?.runtime.fork(fork).catch(refused);
  }

  /** Somebody has the change of the run written into a directory. */
  #apply({ run, tree = '' }: RunState, which: number): void {
    const applied = { by: 'ann', directory: '/project', treeBefore: tree, treeAfter: tree, files: [] };
    this.#parts.worker(which)?.runtime.recordApplied(run, applied).catch(refused);
  }

  /** Puts it to a worker. */
  #tell(run: string, command: RuntimeCommand, which: number): void {
    this.#parts.worker(which)?.runtime.command(run, command).catch(refused);
  }

  /** Into the inbox, that often under one id, at several times. */
  #send(run: string, command: RuntimeCommand, times: number): void {
    const id = `command-${this.sent.length + 1}`;
    const entry = { id, run, command: command as JsonObject, ts: START_TS };
    this.sent.push(entry);
    for (let time = 0; time < times; time += 1) this.#put(entry);
  }

  /** Where nobody stays, whoever has sent something sends it again when it was not answered. */
  nudge(): void {
    if (this.#parts.hasStanding) return;
    for (const entry of this.sent) this.#once(`${entry.id} again`, () => this.#put(entry));
  }

  #put(entry: InboxCommand): void {
    const { stage, store, choices, worker, hasStanding } = this.#parts;
    this.#onTheWay += 1;
    const arrive = (): void => {
      const answering = hasStanding ? undefined : worker(choices.pick('people', 8))?.epoch;
      void store.send(entry, answering).then(() => {
        this.#onTheWay -= 1;
        this.#parts.wrote();
      });
    };
    const due = stage.now + choices.pickEarly('people', 2_000);
    stage.add({ actor: this, label: `send ${entry.id}`, due, kind: 'request', run: arrive });
  }
}

const PATIENCE_TURNS = 200;
const LONG_TURNS = 400;
const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';

/** An agent is at work that nothing will ever stop. */
function isHung({ status, deadlineTs, ending, nodes }: RunState): boolean {
  const isAtWork = Object.values(nodes).some((node) => node.status === 'scheduled');
  const isBounded = Object.values(nodes).some((node) => node.status === 'scheduled' && node.deadlineTs !== undefined);
  return status === 'running' && isAtWork && !isBounded && deadlineTs === undefined && ending === undefined;
}

/** What a run waits for, also where other nodes of it are at work. */
function waitsOf(state: RunState): readonly WaitingFor[] {
  if (state.status === 'paused') return state.waitingFor;
  const asked = Object.entries(state.approvals).filter(([, { status }]) => status === 'waiting');
  const signals = Object.entries(state.nodes).flatMap(([node, { status, wait }]) =>
    status === 'suspended' && wait?.kind === 'signal' ? [{ kind: 'signal' as const, node, name: wait.name }] : [],
  );
  return [
    ...asked.map(([approval, { node, message }]) => ({ kind: 'approval' as const, node, approval, message })),
    ...signals,
  ];
}

function commandOf({ kind, which }: Wish, state: RunState): RuntimeCommand {
  const by = 'ben';
  const paths = Object.keys(state.nodes);
  switch (kind) {
    case 'cancel':
    case 'fork':
    case 'apply':
      return { type: 'cancel', by, reason: 'enough' };
    case 'cancel_branch':
      return { type: 'cancel', by, reason: 'not this', node: paths[which % paths.length] ?? 'n0' };
    case 'pause':
      return { type: 'pause', by, reason: 'wait' };
    case 'resume':
      return { type: 'resume', by };
    case 'signal':
      return { type: 'signal', by, name: which % 2 === 0 ? 'post' : `n${which % 6}`, data: { which } };
    case 'retry':
      return { type: 'retry', by, grant: { calls: 4, tokens: 200 } };
    case 'rollback':
      return { type: 'rollback', by, toSeq: 1 + (which % state.seq) };
  }
}

/** A wish may be refused, and a worker may be unable to take it. */
function refused(): void {}
