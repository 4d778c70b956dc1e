import type { Model } from './linearise.ts';

/** What can be asked of one run of a store; `token` tells the events of an append apart from all others. */
export type RunInput =
  | { readonly do: 'append'; readonly expectedSeq: number; readonly epoch: number; readonly token: string }
  | { readonly do: 'head' }
  | { readonly do: 'read' };

export type RunOutput =
  | { readonly kind: 'appended'; readonly lastSeq: number }
  | { readonly kind: 'conflict'; readonly headSeq: number }
  | { readonly kind: 'fenced'; readonly epoch: number }
  /** 0 of a run that does not exist. */
  | { readonly kind: 'head'; readonly seq: number; readonly epoch: number }
  | { readonly kind: 'events'; readonly tokens: readonly string[] };

export interface RunLine {
  readonly epoch: number;
  readonly tokens: readonly string[];
}

/** The journal port (S2) for one run: an append names the seq that it expects and the epoch of its writer. */
export const appendModel: Model<RunLine, RunInput, RunOutput> = {
  initial: { epoch: 0, tokens: [] },
  keyOf: ({ epoch, tokens }) => `${epoch} ${tokens.join(' ')}`,
  step: (line, input, output) => {
    const right = answerTo(line, input);
    return output === undefined || isSame(right.output, output) ? right.line : undefined;
  },
};

interface Answer {
  readonly line: RunLine;
  readonly output: RunOutput;
}

function answerTo(line: RunLine, input: RunInput): Answer {
  const { epoch, tokens } = line;
  const seq = tokens.length;
  if (input.do === 'head') return { line, output: { kind: 'head', seq, epoch } };
  if (input.do === 'read') return { line, output: { kind: 'events', tokens } };
  if (input.epoch < epoch) return { line, output: { kind: 'fenced', epoch } };
  if (input.expectedSeq !== seq) return { line, output: { kind: 'conflict', headSeq: seq } };
  const next = { epoch: input.epoch, tokens: [...tokens, input.token] };
  return { line: next, output: { kind: 'appended', lastSeq: seq + 1 } };
}

function isSame(right: RunOutput, output: RunOutput): boolean {
  if (right.kind !== 'events' || output.kind !== 'events') return JSON.stringify(right) === JSON.stringify(output);
  return right.tokens.join(' ') === output.tokens.join(' ');
}
