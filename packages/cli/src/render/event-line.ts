import { formatDuration, type EventPayload, type StoredEvent } from '@vltair/protocol';
import { oneLine, type Paint } from './terminal-text.ts';

/** One event in one line: seq, time, what happened or was decided, and of what. */
export function eventLine({ seq, ts, kind, payload }: StoredEvent, paint: Paint): string {
  const time = new Date(ts).toISOString().slice(11, 23);
  const type = payload.type.padEnd(18);
  const name = kind === 'fact' ? paint('bold', type) : paint('dim', type);
  return `${String(seq).padStart(4)} ${time} ${kind === 'fact' ? 'fact    ' : 'decision'} ${name} ${oneLine(about(payload))}`.trimEnd();
}

function about(payload: EventPayload): string {
  switch (payload.type) {
    case 'run.created':
      return payload.title;
    case 'run.claimed':
      return payload.worker;
    case 'cancel.requested':
      return `by ${payload.by}: ${payload.reason}`;
    case 'timer.fired':
      return payload.timer.kind;
    case 'tree.applied':
      return `${payload.directory}: ${payload.files.join(', ')}`;
    case 'run.paused':
      return payload.waitingFor.map(({ node, key }) => `${node} ${key}`).join(', ');
    case 'run.resumed':
      return '';
    case 'run.succeeded':
      return payload.by === undefined ? '' : `by ${payload.by}`;
    case 'run.failed':
    case 'node.failed':
      return payload.failure.message;
    case 'run.cancelled':
      return payload.reason;
    default:
      return aboutNode(payload);
  }
}

type NodePayload = Exclude<
  EventPayload,
  { type: `run.${string}` | 'cancel.requested' | 'timer.fired' | 'tree.applied' | 'node.failed' }
>;

function aboutNode(payload: NodePayload): string {
  switch (payload.type) {
    case 'attempt.scheduled':
    case 'attempt.stopped':
    case 'attempt.diverged':
      return `${payload.node}#${payload.visit} attempt ${payload.attempt}`;
    case 'attempt.stopping':
      return `${payload.node}#${payload.visit} attempt ${payload.attempt}, ${payload.cause}`;
    case 'attempt.completed':
      return `${payload.node}#${payload.visit} attempt ${payload.attempt}: ${payload.outcome.kind === 'result' ? payload.outcome.result.payload.signal : payload.outcome.failure.message}`;
    case 'node.succeeded':
      return `${payload.node}#${payload.visit}: ${payload.signal}`;
    case 'node.skipped':
      return `${payload.node}#${payload.visit}: ${payload.because}`;
    case 'node.cancelled':
      return `${payload.node}#${payload.visit}`;
    case 'route.taken':
      return `${payload.from} -${payload.signal}-> ${payload.to}`;
    default:
      return aboutEffect(payload);
  }
}

type EffectPayload = Extract<NodePayload, { type: `effect.${string}` }>;

function aboutEffect(payload: EffectPayload): string {
  switch (payload.type) {
    case 'effect.intended':
      return `${payload.key}: ${payload.summary}${payload.execution > 1 ? ` (execution ${payload.execution})` : ''}`;
    case 'effect.recorded':
      return `${payload.key}: ${payload.outcome.kind === 'value' ? 'done' : payload.outcome.failure.message}${payload.spent.timeMs === undefined ? '' : ` in ${formatDuration(payload.spent.timeMs)}`}`;
    case 'effect.reused':
      return `${payload.key}: from the ledger`;
    case 'effect.refused':
      return `${payload.key}: ${payload.dimension} ${payload.requested} over ${payload.limit}`;
    case 'effect.parked':
      return `${payload.key}: ${payload.summary}`;
    case 'effect.resolved':
      return `${payload.key}: ${payload.resolution} by ${payload.by}`;
  }
}
