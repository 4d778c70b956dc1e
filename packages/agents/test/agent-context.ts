import type { AgentContext, EffectCall } from '@vltair/core';

/** The context of an attempt that nobody records: effects simply run. For agents by themselves; runs have core's own. */
export function aContext(options: { readonly tree?: string; readonly signal?: AbortSignal } = {}): AgentContext {
  const signal = options.signal ?? new AbortController().signal;
  const call: EffectCall = { signal, idempotencyKey: 'key', frame: () => {}, spend: () => {}, recordTokens: () => {} };
  return {
    run: '01a1fbd1-d08f-7672-a549-4b746544964d',
    node: 'node',
    visit: 1,
    attempt: 1,
    incarnation: 1,
    traceId: '0af7651916cd43dd8448eb211c80319c',
    tree: options.tree,
    signal,
    effect: async (_, act) => await act(call),
    now: () => Promise.resolve(0),
    progress: () => {},
  };
}
