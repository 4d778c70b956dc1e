import type { AttemptRef, EventPayload, RunEvent } from '@vltair/protocol';

export type LineState = 'running' | 'succeeded' | 'failed' | 'skipped' | 'cancelled';

/** A visit of a node, as somebody who watches sees it. */
export interface BoardLine {
  readonly key: string;
  /** The node, with its visit from the second on. */
  readonly name: string;
  readonly state: LineState;
  readonly startedTs: number;
  readonly endedTs: number | undefined;
  /** What it is doing, or what it said in the end. */
  readonly detail: string;
  readonly done: number | undefined;
  readonly total: number | undefined;
}

export interface ProgressFrame {
  readonly message: string;
  readonly done?: number;
  readonly total?: number;
}

/** What a run is doing, from its durable events and from frames that may be lost. */
export class ProgressBoard {
  readonly #lines = new Map<string, BoardLine>();

  get lines(): readonly BoardLine[] {
    return [...this.#lines.values()];
  }

  /** Takes an event in. Gives the line that has begun or ended with it. */
  committed({ ts, payload }: RunEvent): BoardLine | undefined {
    if (payload.type === 'attempt.scheduled') return this.#begin(payload, ts);
    if (payload.type === 'effect.intended') {
      this.#update(payload, { detail: payload.summary, done: undefined, total: undefined });
      return undefined;
    }
    const end = endOf(payload);
    if (end === undefined) return undefined;
    return this.#update(end, { state: end.state, detail: end.detail, endedTs: ts });
  }

  progress(ref: AttemptRef, { message, done, total }: ProgressFrame): BoardLine | undefined {
    return this.#update(ref, { detail: message, done, total });
  }

  #begin({ node, visit, attempt }: AttemptRef, ts: number): BoardLine | undefined {
    const key = keyOf(node, visit);
    const known = this.#lines.get(key);
    const detail = attempt > 1 ? `attempt ${attempt}` : '';
    const line: BoardLine = {
      key,
      name: visit > 1 ? key : node,
      state: 'running',
      startedTs: known?.startedTs ?? ts,
      endedTs: undefined,
      detail,
      done: undefined,
      total: undefined,
    };
    this.#lines.set(key, line);
    return line;
  }

  #update({ node, visit }: { node: string; visit: number }, change: Partial<BoardLine>): BoardLine | undefined {
    const key = keyOf(node, visit);
    const line = this.#lines.get(key);
    if (line === undefined || line.endedTs !== undefined) return undefined;
    const changed = { ...line, ...change };
    this.#lines.set(key, changed);
    return changed;
  }
}

function keyOf(node: string, visit: number): string {
  return `${node}#${visit}`;
}

interface End {
  readonly node: string;
  readonly visit: number;
  readonly state: LineState;
  readonly detail: string;
}

function endOf(payload: EventPayload): End | undefined {
  switch (payload.type) {
    case 'node.succeeded':
      return { node: payload.node, visit: payload.visit, state: 'succeeded', detail: payload.signal };
    case 'node.failed':
      return { node: payload.node, visit: payload.visit, state: 'failed', detail: payload.failure.message };
    case 'node.skipped':
      return { node: payload.node, visit: payload.visit, state: 'skipped', detail: payload.because };
    case 'node.cancelled':
      return { node: payload.node, visit: payload.visit, state: 'cancelled', detail: '' };
    default:
      return undefined;
  }
}
