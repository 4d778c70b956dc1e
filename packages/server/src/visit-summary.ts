import {
  formatDuration,
  kindOfNode,
  type Amounts,
  type DecisionOf,
  type Failure,
  type FactOf,
  type NodeKind,
  type RunEvent,
  type Workflow,
} from '@vltair/protocol';

/** One activation of a node. */
export interface VisitSummary {
  /** Path of the node. */
  readonly node: string;
  readonly kind: NodeKind;
  readonly agent: string;
  readonly action: string;
  readonly visit: number;
  /** `waiting`: for a time, a message, an answer or a child run. */
  readonly status: 'running' | 'waiting' | 'succeeded' | 'failed' | 'skipped' | 'cancelled';
  /** What the node said; its routes follow it. */
  readonly signal: string | undefined;
  readonly failure: Failure | undefined;
  readonly because: string | undefined;
  readonly startedTs: number;
  readonly endedTs: number | undefined;
  /** What it waited for, who answered what and after how long, what became of its children: sentences for people. */
  readonly notes: readonly string[];
  readonly attempts: readonly AttemptSummary[];
}

/** What somebody asked of the run as a whole. */
export interface Intervention {
  readonly ts: number;
  readonly text: string;
}

export interface AttemptSummary {
  readonly attempt: number;
  /** 2 and more: the attempt was taken up again after a crash or a handover. */
  readonly incarnations: number;
  readonly failure: Failure | undefined;
  readonly effects: readonly EffectSummary[];
}

export interface EffectSummary {
  readonly key: string;
  readonly name: string;
  readonly summary: string;
  /** Times that the call was sent. */
  readonly executions: number;
  /** Times that the ledger answered in its place. */
  readonly reused: number;
  readonly status: 'open' | 'recorded' | 'failed' | 'refused' | 'held' | 'denied' | 'parked';
  readonly failure: Failure | undefined;
  readonly spent: Amounts | undefined;
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };
interface OpenAttempt extends Omit<Writable<AttemptSummary>, 'effects'> {
  readonly effects: Writable<EffectSummary>[];
}
interface OpenVisit extends Omit<Writable<VisitSummary>, 'attempts' | 'notes'> {
  readonly notes: string[];
  readonly attempts: OpenAttempt[];
}

/** The visits of a run in the order in which they began. */
export function summariseVisits(workflow: Workflow, events: readonly RunEvent[]): readonly VisitSummary[] {
  const book = new VisitBook(workflow);
  for (const event of events) book.enter(event);
  return book.visits;
}

class VisitBook {
  readonly visits: OpenVisit[] = [];
  readonly #workflow: Workflow;
  readonly #asked = new Map<string, { readonly of: { node: string; visit: number }; readonly ts: number }>();

  constructor(workflow: Workflow) {
    this.#workflow = workflow;
  }

  enter({ ts, payload }: RunEvent): void {
    switch (payload.type) {
      case 'attempt.scheduled':
        return this.#schedule(payload.node, payload.visit, payload.attempt, ts);
      case 'run.claimed':
        return this.#takeUp();
      case 'attempt.completed':
        return this.#complete(payload);
      case 'node.succeeded':
        return this.#end(payload, ts, { status: 'succeeded', signal: payload.signal });
      case 'node.failed':
        return this.#end(payload, ts, { status: 'failed', failure: payload.failure });
      case 'node.skipped':
        return this.#end(payload, ts, { status: 'skipped', because: payload.because });
      case 'node.cancelled':
        return this.#end(payload, ts, { status: 'cancelled' });
      case 'effect.intended':
        return this.#intend(payload);
      case 'effect.recorded':
        return this.#record(payload);
      case 'effect.reused':
        return this.#mark(payload.node, payload.visit, payload.key, (effect) => (effect.reused += 1));
      case 'effect.parked':
        return this.#mark(payload.node, payload.visit, payload.key, (effect) => {
          effect.status = 'parked';
          if (effect.summary === '') effect.summary = payload.summary;
        });
      case 'effect.refused':
        return this.#refuse(payload);
      case 'effect.held':
        return this.#hold(payload);
      case 'effect.denied':
        return this.#deny(payload);
      default:
        return this.#enterWait(ts, payload);
    }
  }

  /** What visits wait for, and what comes of it. */
  #enterWait(ts: number, payload: RunEvent['payload']): void {
    switch (payload.type) {
      case 'node.suspended':
        return this.#suspend(payload, ts);
      case 'map.expanded':
        return this.#note(payload, ts, `${payload.count} items`);
      case 'tasks.added':
        return this.#note(payload, ts, `${payload.count} tasks`);
      case 'subrun.ended':
        return this.#note(payload, ts, `child ${payload.run} ${payload.status}`);
      case 'approval.requested':
        return this.#ask(payload, ts);
      case 'approval.granted':
        return this.#answer(payload.approval, ts, `approved by ${payload.by}`, payload.comment);
      case 'approval.rejected':
        return this.#answer(payload.approval, ts, `rejected by ${payload.by}`, payload.reason);
      case 'approval.expired':
        return this.#answer(payload.approval, ts, 'expired, unanswered');
      case 'approval.cancelled':
        return this.#answer(payload.approval, ts, 'needed no more');
      case 'rollback.requested':
        return this.#takeBack(ts);
      default:
        return;
    }
  }

  #suspend({ node, visit, wait }: DecisionOf<'node.suspended'>, ts: number): void {
    const notes = {
      sleep: () => [`until ${new Date(wait.kind === 'sleep' ? wait.untilTs : 0).toISOString()}`],
      signal: () => [`for the signal ${wait.kind === 'signal' ? wait.name : ''}`],
      subrun: () => [`child ${wait.kind === 'subrun' ? wait.run : ''}`],
      approval: () => [],
    };
    const open = this.#visit({ node, visit }, ts);
    open.status = 'waiting';
    open.notes.push(...notes[wait.kind]());
  }

  #ask({ approval, message, ...of }: DecisionOf<'approval.requested'>, ts: number): void {
    this.#asked.set(approval, { of, ts });
    this.#note(of, ts, `asked: ${message}`);
  }

  /** H-11: how long the answer took is told. An answer that came too late is told, too, and followed by the expiry. */
  #answer(approval: string, ts: number, what: string, words?: string): void {
    const asked = this.#asked.get(approval);
    if (asked === undefined) return;
    const after = formatDuration(ts - asked.ts);
    this.#note(asked.of, ts, `${what} after ${after}${words === undefined ? '' : `: ${words}`}`);
  }

  /** What had begun and not ended when the run was taken back. */
  #takeBack(ts: number): void {
    for (const visit of this.visits)
      if (visit.endedTs === undefined) Object.assign(visit, { status: 'cancelled', endedTs: ts });
  }

  #note(of: { readonly node: string; readonly visit: number }, ts: number, text: string): void {
    this.#visit(of, ts).notes.push(text);
  }

  #visit({ node, visit }: { readonly node: string; readonly visit: number }, ts: number): OpenVisit {
    return this.#find(node, visit) ?? this.#open(node, visit, ts);
  }

  #hold({ node, visit, key, summary }: FactOf<'effect.held'>): void {
    this.#mark(node, visit, key, (effect) => Object.assign(effect, { status: 'held', summary }));
  }

  #deny({ node, visit, key, failure }: FactOf<'effect.denied'>): void {
    this.#mark(node, visit, key, (effect) => Object.assign(effect, { status: 'denied', failure }));
  }

  #schedule(node: string, visit: number, attempt: number, ts: number): void {
    const open = this.#visit({ node, visit }, ts);
    open.status = 'running';
    open.attempts.push({ attempt, incarnations: 1, failure: undefined, effects: [] });
  }

  /** A takeover begins the next incarnation of everything that is open. */
  #takeUp(): void {
    for (const visit of this.visits.filter(({ status }) => status === 'running')) {
      const attempt = visit.attempts.at(-1);
      if (attempt !== undefined) attempt.incarnations += 1;
    }
  }

  #complete({ node, visit, outcome }: FactOf<'attempt.completed'>): void {
    const attempt = this.#find(node, visit)?.attempts.at(-1);
    if (attempt !== undefined && outcome.kind === 'error') attempt.failure = outcome.failure;
  }

  #end({ node, visit }: { node: string; visit: number }, ts: number, end: Partial<OpenVisit>): void {
    Object.assign(this.#find(node, visit) ?? this.#open(node, visit, ts), { endedTs: ts, ...end });
  }

  #intend(fact: FactOf<'effect.intended'>): void {
    const effect = this.#effect(fact.node, fact.visit, fact.key);
    Object.assign(effect, { name: fact.name, summary: fact.summary, status: 'open' });
    effect.executions += 1;
  }

  #record({ node, visit, key, outcome, spent }: FactOf<'effect.recorded'>): void {
    const effect = this.#effect(node, visit, key);
    effect.spent = spent;
    effect.status = outcome.kind === 'value' ? 'recorded' : 'failed';
    effect.failure = outcome.kind === 'error' ? outcome.failure : undefined;
  }

  #refuse(fact: FactOf<'effect.refused'>): void {
    const effect = this.#effect(fact.node, fact.visit, fact.key);
    effect.status = 'refused';
    effect.summary = `${fact.dimension}: limit ${fact.limit}, committed ${fact.committed}, requested ${fact.requested}`;
  }

  #mark(node: string, visit: number, key: string, change: (effect: Writable<EffectSummary>) => void): void {
    change(this.#effect(node, visit, key));
  }

  /** The effect as the current attempt knows it; an effect that an earlier attempt recorded is found there. */
  #effect(node: string, visit: number, key: string): Writable<EffectSummary> {
    const attempts = (this.#find(node, visit) ?? this.#open(node, visit, 0)).attempts;
    const known = attempts.flatMap(({ effects }) => effects).find((effect) => effect.key === key);
    if (known !== undefined) return known;
    const name = /\/(.*)#\d+$/.exec(key)?.[1] ?? key;
    const made = newEffect(key, name);
    attempts.at(-1)?.effects.push(made);
    return made;
  }

  #find(node: string, visit: number): OpenVisit | undefined {
    return this.visits.findLast((open) => open.node === node && open.visit === visit);
  }

  #open(node: string, visit: number, startedTs: number): OpenVisit {
    const made: OpenVisit = {
      node,
      ...workOf(this.#workflow, node),
      visit,
      status: 'running',
      signal: undefined,
      failure: undefined,
      because: undefined,
      startedTs,
      endedTs: undefined,
      notes: [],
      attempts: [],
    };
    this.visits.push(made);
    return made;
  }
}

/** What a node does: a child of a map what its node does, a compensation what undoes it, a proposed task what it names. */
function workOf(workflow: Workflow, path: string): Pick<VisitSummary, 'kind' | 'agent' | 'action'> {
  const base = path.replace(/[[+.].*$/, '');
  const definition = [...workflow.nodes, ...(workflow.finally ?? [])].find(({ id }) => id === base);
  const undo = /\.undo\d*$/.test(path) ? definition?.compensate : undefined;
  const kind = definition === undefined || undo !== undefined ? 'agent' : kindOfNode(definition);
  const { agent = '', action = '' } = undo ?? definition ?? {};
  return { kind, agent, action };
}

/** What people asked of a run, in order. */
export function interventionsIn(events: readonly RunEvent[]): readonly Intervention[] {
  return events.flatMap(({ ts, payload }) => {
    const text = interventionText(payload);
    return text === undefined ? [] : [{ ts, text }];
  });
}

function interventionText(payload: RunEvent['payload']): string | undefined {
  switch (payload.type) {
    case 'cancel.requested':
      return `cancel${payload.node === undefined ? '' : ` of ${payload.node}`} asked for by ${payload.by}: ${payload.reason}`;
    case 'pause.requested':
      return `paused by ${payload.by}: ${payload.reason}`;
    case 'resume.requested':
      return `resumed by ${payload.by}`;
    case 'retry.requested':
      return `retried by ${payload.by}`;
    case 'rollback.requested':
      return `taken back to event ${payload.toSeq} by ${payload.by}`;
    case 'run.migrated':
      return `moved to workflow ${payload.workflow.name} ${payload.manifest.workflow.slice(0, 12)} by ${payload.by}`;
    case 'signal.received':
      return `signal ${payload.name} from ${payload.by}`;
    default:
      return undefined;
  }
}

function newEffect(key: string, name: string): Writable<EffectSummary> {
  return {
    key,
    name,
    summary: '',
    executions: 0,
    reused: 0,
    status: 'open',
    failure: undefined,
    spent: undefined,
  };
}
