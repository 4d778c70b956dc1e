import type { StatusReport, StoreIdentity } from '@vltair/server';
import { oneLine, table, type Paint } from './terminal-text.ts';

/** What `--probe` found out. */
export interface SandboxAnswer {
  readonly tier: string;
  readonly mechanisms: Readonly<Record<string, { readonly available: boolean }>>;
}

export function statusPage(report: StatusReport, sandbox: SandboxAnswer | undefined, paint: Paint): string {
  const { version, node, dataDirectory, database, agents, redaction } = report;
  const fields = Object.entries(redaction.fields ?? {}).flatMap(([kind, names]) =>
    names.map((name) => `${kind}.${name}`),
  );
  const rows = [
    ['version', `${version} (Node ${node})`],
    ['data', oneLine(dataDirectory)],
    ...(database === undefined ? [] : [['database', oneLine(database)]]),
    ...storeRows(report, paint),
    ...ownerRows(report),
    ['sandbox', sandboxText(sandbox)],
    ['redaction', `patterns; prefixes: ${listText(redaction.prefixes ?? [])}; fields: ${listText(fields)}`],
    ...agents.map((agent, at) => [at === 0 ? 'agents' : '', `${agent.name} ${agent.version}: ${agent.description}`]),
  ];
  return table(rows).join('\n');
}

function ownerRows({ database, owner, store }: StatusReport): readonly (readonly string[])[] {
  if (database !== undefined) {
    const workers = store.kind === 'open' ? store.workers : [];
    if (workers.length === 0) return [['workers', 'no process works here']];
    const kind = (isStanding: boolean): string => (isStanding ? 'worker' : 'command');
    return workers.map(({ worker, isStanding, sinceTs }, at) => [
      at === 0 ? 'workers' : '',
      `${kind(isStanding)} ${oneLine(worker)}, since ${new Date(sinceTs).toISOString()}`,
    ]);
  }
  if (owner === undefined) return [['owner', 'no process works here']];
  return [['owner', `process ${owner.pid}, since ${new Date(owner.since).toISOString()}`]];
}

function storeRows({ store }: StatusReport, paint: Paint): readonly (readonly string[])[] {
  if (store.kind === 'none') return [['store', 'none yet']];
  if (store.kind === 'unusable') return [['store', paint('red', oneLine(store.failure.message))]];
  const counts = Object.entries(store.runs).filter(([, count]) => count > 0);
  return [
    ['store', `log format ${store.logFormat}`],
    ['runs', counts.length === 0 ? 'none' : counts.map(([name, count]) => `${count} ${name}`).join(', ')],
    ...leftAloneRows(store.leftAlone),
    ['key', store.fingerprint ?? 'not readable for this user'],
    ...restoredRows(store.identity),
  ];
}

function restoredRows({ backup, since }: StoreIdentity): readonly (readonly string[])[] {
  if (backup === undefined) return [];
  return [
    [
      'restored',
      `${new Date(since).toISOString()} from the backup ${backup.slice(0, 12)}; calls in doubt are parked: vltair runs`,
    ],
  ];
}

/** Runs left alone that are shown; the rest is counted. */
const MOST_LEFT = 5;

function leftAloneRows(left: readonly { run: string; failure: { message: string } }[]): readonly (readonly string[])[] {
  const shown = left.slice(0, MOST_LEFT).map(({ run, failure }) => `${run}: ${oneLine(failure.message)}`);
  const more = left.length > MOST_LEFT ? [`and ${left.length - MOST_LEFT} more: vltair rehearse`] : [];
  return [...shown, ...more].map((text, at) => [at === 0 ? 'left alone' : '', text]);
}

function sandboxText(sandbox: SandboxAnswer | undefined): string {
  if (sandbox === undefined) return 'unknown (vltair status --probe finds out)';
  const missing = Object.entries(sandbox.mechanisms).filter(([, { available }]) => !available);
  return missing.length === 0 ? sandbox.tier : `${sandbox.tier}, without ${missing.map(([name]) => name).join(', ')}`;
}

function listText(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.map(oneLine).join(', ');
}
