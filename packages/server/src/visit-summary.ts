import type { Amounts, Failure, FactOf, RunEvent, Workflow } from '@vltair/protocol';

/** One activation of a node. */
export interface VisitSummary {
  readonly node: string;
  readonly agent: string;
  readonly action: string;
  readonly visit: number;
  readonly status: 'running' | 'succeeded' | 'failed' | 'skipped' | 'cancelled';
  /** What the node said; its routes follow it. */
  readonly signal: string | undefined;
  readonly failure: Failure | undefined;
  readonly because: string | undefined;
  readonly startedTs: number;
  readonly endedTs: number | undefined;
  readonly attempts: readonly AttemptSummary[];
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
  readonly status: 'open' | 'recorded' | 'failed' | 'refused' | 'parked';
  readonly failure: Failure | undefined;
  readonly spent: Amounts | undefined;
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };
interface OpenAttempt extends Omit<Writable<AttemptSummary>, 'effects'> {
  readonly effects: Writable<EffectSummary>[];
}
interface OpenVisit extends Omit<Writable<VisitSummary>, 'attempts'> {
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
        return this.#mark(payload.node, payload.visit, payload.key, (effect) => (effect.status = 'parked'));
      case 'effect.refused':
        return this.#refuse(payload);
      default:
        return;
    }
  }

  #schedule(node: string, visit: number, attempt: number, ts: number): void {
    const open = this.#find(node, visit) ?? this.#open(node, visit, ts);
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
    const definition = this.#workflow.nodes.find(({ id }) => id === node);
    const made: OpenVisit = {
      node,
      agent: definition?.agent ?? '',
      action: definition?.action ?? '',
      visit,
      status: 'running',
      signal: undefined,
      failure: undefined,
      because: undefined,
      startedTs,
      endedTs: undefined,
      attempts: [],
    };
    this.visits.push(made);
    return made;
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
