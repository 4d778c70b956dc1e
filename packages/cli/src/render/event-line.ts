import { formatDuration, type EventPayload, type EventType, type StoredEvent } from '@vltair/protocol';
import { waitText } from './wait-text.ts';
import { oneLine, type Paint } from './terminal-text.ts';

/** One event in one line: seq, time, what happened or was decided, and of what. */
export function eventLine({ seq, ts, kind, payload }: StoredEvent, paint: Paint): string {
  const time = new Date(ts).toISOString().slice(11, 23);
  const type = payload.type.padEnd(18);
  const name = kind === 'fact' ? paint('bold', type) : paint('dim', type);
  return `${String(seq).padStart(4)} ${time} ${kind === 'fact' ? 'fact    ' : 'decision'} ${name} ${oneLine(about(payload))}`.trimEnd();
}

type Tellers = { readonly [T in EventType]: (payload: Extract<EventPayload, { type: T }>) => string };

interface Visited {
  readonly node: string;
  readonly visit: number;
}
const visitText = ({ node, visit }: Visited): string => `${node}#${visit}`;
const attemptText = ({ attempt, ...of }: Visited & { readonly attempt: number }): string =>
  `${visitText(of)} attempt ${attempt}`;
const timeText = (ts: number): string => new Date(ts).toISOString();

/** What each event is about: a new type does not compile until it stands here. */
const tellers: Tellers = {
  'run.created': ({ title }) => title,
  'run.claimed': ({ worker }) => worker,
  'run.restored': ({ by, backup, backupTs, isOriginalStopped }) =>
    `by ${by} from backup ${backup} of ${timeText(backupTs)}${isOriginalStopped ? ', whose original has stopped' : ''}`,
  'payload.purged': ({ by, reason, payloads }) =>
    `${payloads} payloads by ${by}${reason === undefined ? '' : `: ${reason}`}`,
  'run.paused': ({ waitingFor }) => waitingFor.map(waitText).join(', '),
  'run.resumed': () => '',
  'run.ending': ({ ending }) => (ending.kind === 'failed' ? `failed: ${ending.failure.message}` : ending.kind),
  'run.succeeded': ({ by }) => (by === undefined ? '' : `by ${by}`),
  'run.failed': ({ failure }) => failure.message,
  'run.cancelled': ({ reason }) => reason,
  'cancel.requested': ({ by, reason, node }) => `${node === undefined ? '' : `${node} `}by ${by}: ${reason}`,
  'pause.requested': ({ by, reason }) => `by ${by}: ${reason}`,
  'resume.requested': ({ by }) => `by ${by}`,
  'retry.requested': ({ by }) => `by ${by}`,
  'rollback.requested': ({ by, toSeq }) => `to ${toSeq} by ${by}`,
  'run.migrated': ({ by, workflow, manifest }) => `to ${workflow.name} ${manifest.workflow.slice(0, 12)} by ${by}`,
  'signal.received': ({ name, by }) => `${name} by ${by}`,
  'approval.requested': ({ approval, message, expiresTs }) =>
    `${approval}: ${message}${expiresTs === undefined ? '' : `, until ${timeText(expiresTs)}`}`,
  'approval.granted': ({ approval, by, comment }) =>
    `${approval} by ${by}${comment === undefined ? '' : `: ${comment}`}`,
  'approval.rejected': ({ approval, by, reason }) => `${approval} by ${by}: ${reason}`,
  'approval.warned': ({ approval }) => approval,
  'approval.expired': ({ approval }) => approval,
  'approval.cancelled': ({ approval, because }) => `${approval}: ${because}`,
  'timer.fired': ({ timer }) => {
    if (timer.kind === 'run_deadline') return timer.kind;
    return `${timer.kind} ${'approval' in timer ? timer.approval : visitText(timer)}`;
  },
  'tree.applied': ({ by, directory, files }) => `${directory} by ${by}: ${files.join(', ')}`,
  'subrun.ended': ({ run, status, ...of }) => `${visitText(of)}: ${run} ${status}`,
  'subrun.stopping': ({ run, cause, ...of }) => `${visitText(of)}: ${run}, ${cause}`,
  'attempt.scheduled': attemptText,
  'attempt.stopped': attemptText,
  'attempt.diverged': (payload) => `${attemptText(payload)}: ${payload.key}`,
  'attempt.stopping': (payload) => `${attemptText(payload)}, ${payload.cause}`,
  'attempt.completed': (payload) => {
    const { outcome } = payload;
    const end = outcome.kind === 'result' ? outcome.result.payload.signal : outcome.failure.message;
    return `${attemptText(payload)}: ${end}`;
  },
  'node.suspended': ({ wait, ...of }) => `${visitText(of)}: ${wait.kind}`,
  'node.succeeded': ({ signal, ...of }) => `${visitText(of)}: ${signal}`,
  'node.failed': ({ failure, ...of }) => `${visitText(of)}: ${failure.message}`,
  'node.skipped': ({ because, ...of }) => `${visitText(of)}: ${because}`,
  'node.cancelled': visitText,
  'map.expanded': ({ count, ...of }) => `${visitText(of)}: ${count} items`,
  'tasks.added': ({ count, ...of }) => `${visitText(of)}: ${count} tasks`,
  'compensation.started': visitText,
  'route.taken': ({ from, signal, to }) => `${from} -${signal}-> ${to}`,
  'effect.intended': ({ key, summary, execution }) =>
    `${key}: ${summary}${execution > 1 ? ` (execution ${execution})` : ''}`,
  'effect.recorded': ({ key, outcome, spent: { timeMs } }) => {
    const end = outcome.kind === 'value' ? 'done' : outcome.failure.message;
    return `${key}: ${end}${timeMs === undefined ? '' : ` in ${formatDuration(timeMs)}`}`;
  },
  'effect.reused': ({ key }) => `${key}: from the ledger`,
  'effect.refused': ({ key, dimension, requested, limit, committed, scope }) =>
    `${key}: ${dimension} ${requested} more than ${committed} of ${limit}${scope === undefined ? '' : ' of the node'}`,
  'effect.held': ({ key, gate }) => `${key}: ${gate.rule} asks for an approval`,
  'effect.denied': ({ key, failure }) => `${key}: ${failure.message}`,
  'effect.parked': ({ key, summary, restored }) =>
    `${key}: ${summary}${restored === undefined ? '' : ' (the original of this run may have sent it)'}`,
  'effect.resolved': ({ key, resolution, by }) => `${key}: ${resolution} by ${by}`,
};

function about<T extends EventType>(payload: Extract<EventPayload, { type: T }>): string {
  const tell: Tellers[T] = tellers[payload.type];
  return tell(payload);
}
