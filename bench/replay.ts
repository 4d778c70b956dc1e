// How fast a log folds and replays, and whether a long run costs more per event than a short one. On one core:
//   node bench/replay.ts [--rounds 5] [--json]
import { parseArgs } from 'node:util';
import { admitEffect, effectKey, fold, nodeOf, step, verifyReplay, type RunState } from '@vltair/core';
import { kindOf, workflowSchema, type Fact, type RunEvent, type WorkflowInput } from '@vltair/protocol';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '5' }, json: { type: 'boolean' } } });

const RUN = '01900000-0000-7000-8000-000000000001';
const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';

/** A log told fact by fact, with what the machine decides. */
class Story {
  readonly events: RunEvent[] = [];
  #state: RunState | undefined;

  constructor(workflow: Omit<WorkflowInput, 'name'>) {
    const manifest = { workflow: 'd', agents: { worker: 'd' }, flags: [1] };
    const parsed = workflowSchema.parse({ name: 'story', ...workflow });
    this.#tell({ type: 'run.created', workflow: parsed, manifest, input: {}, traceId: TRACE_ID, title: 'a story' });
  }

  /** Asks for a call and records its result. */
  call(node: string, name: string): void {
    const { visit, attempt, incarnation } = nodeOf(this.#known, node);
    const key = effectKey({ node, visit, name, occurrence: 1 });
    const at = { node, visit, attempt, incarnation };
    const rest = { argumentsDigest: 'd', summary: name, policy: 'once' as const, reserved: {}, notAfter: 9 };
    const admission = admitEffect(this.#known, { key, name, occurrence: 1, ...at, ...rest });
    if (admission.kind !== 'run') throw new RangeError(`${key}: ${admission.kind}`);
    this.#tell(admission.fact);
    const outcome = { kind: 'value' as const, value: 'ok' };
    this.#tell({ type: 'effect.recorded', key, node, visit, execution: 1, outcome, spent: {} });
  }

  complete(node: string, signal: string): void {
    const { visit, attempt, incarnation } = nodeOf(this.#known, node);
    const payload = { signal, output: {}, artifacts: [] };
    const envelope = { id: 'r', protocolVersion: 1 as const, taskId: 't', traceId: TRACE_ID, agent: 'worker', payload };
    const outcome = { kind: 'result' as const, result: { type: 'AgentResult' as const, ...envelope } };
    this.#tell({ type: 'attempt.completed', node, visit, attempt, incarnation, outcome });
  }

  get #known(): RunState {
    if (this.#state === undefined) throw new RangeError('the story has not begun');
    return this.#state;
  }

  #tell(payload: Fact): void {
    const at = { run: RUN, seq: (this.#state?.seq ?? 0) + 1, ts: 1, epoch: 1, kind: kindOf(payload) };
    const { events, state } = step(this.#state, { ...at, payload });
    this.events.push(...events);
    this.#state = state;
  }
}

/** A loop whose every visit makes eight calls: 20 events. */
function loopStory(events: number): Story {
  const visits = Math.ceil(events / 20);
  const story = new Story({
    nodes: [{ id: 'a', agent: 'worker', maxVisits: 10_000, routes: [{ on: 'again', to: 'a' }] }],
  });
  for (let visit = 0; visit < visits; visit += 1) {
    for (let call = 0; call < 8; call += 1) {
      story.call('a', `call${call}`);
    }
    story.complete('a', visit === visits - 1 ? 'done' : 'again');
  }
  return story;
}

/** A mapped node with one call for each child: 5 events an item. */
function mapStory(items: number): Story {
  const over = Array.from({ length: items }, (_, index) => index);
  const story = new Story({ nodes: [{ id: 'm', agent: 'worker', map: { over, maxItems: 10_000 } }] });
  for (let index = 0; index < items; index += 1) {
    story.call(`m[${index}]`, 'call');
    story.complete(`m[${index}]`, 'success');
  }
  return story;
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((left, right) => left - right)[Math.floor(numbers.length / 2)] ?? 0;
}

function perSecond(events: number, work: () => unknown): number {
  const rounds = Array.from({ length: Number(values.rounds) }, () => {
    const begun = performance.now();
    work();
    return (events / (performance.now() - begun)) * 1_000;
  });
  return Math.round(median(rounds));
}

const stories = {
  'loop, 1,000 events': loopStory(1_000),
  'loop, 100,000 events': loopStory(100_000),
  'map of 1,000': mapStory(1_000),
};
const rows = Object.entries(stories).map(([name, { events }]) => ({
  name,
  events: events.length,
  foldPerSecond: perSecond(events.length, () => fold(events)),
  replayPerSecond: perSecond(events.length, () => verifyReplay(events)),
}));
if (values.json === true) console.log(JSON.stringify(rows));
else console.table(rows);
const [short, long] = rows;
const ratio = (short?.replayPerSecond ?? 0) / (long?.replayPerSecond ?? 1);
if (values.json !== true) console.log(`cost of an event at 100,000 to that at 1,000, replayed: ${ratio.toFixed(2)}`);
