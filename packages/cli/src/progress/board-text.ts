import { formatDuration } from '@vltair/protocol';
import { oneLine, type Colour, type Paint } from '../render/terminal-text.ts';
import type { BoardLine, LineState } from './progress-board.ts';

const SYMBOLS: Readonly<Record<LineState, readonly [string, Colour]>> = {
  running: ['▸', 'cyan'],
  succeeded: ['✔', 'green'],
  failed: ['✖', 'red'],
  skipped: ['○', 'dim'],
  cancelled: ['■', 'dim'],
};

/** `▸ codegen    12.4 s  trying edits 24/1000`, uncut and uncoloured but for its symbol. */
export function boardText(line: BoardLine, now: number): string {
  const elapsed = formatDuration(Math.max(0, (line.endedTs ?? now) - line.startedTs));
  return `${line.name.padEnd(12)} ${elapsed.padStart(9)}  ${detailOf(line)}`.trimEnd();
}

export function symbolOf({ state }: BoardLine, paint: Paint): string {
  const [symbol, colour] = SYMBOLS[state];
  return paint(colour, symbol);
}

function detailOf({ state, detail, done, total }: BoardLine): string {
  const count = state === 'running' && done !== undefined ? ` ${done}${total === undefined ? '' : `/${total}`}` : '';
  return oneLine(`${detail}${count}`);
}
