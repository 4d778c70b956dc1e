import type { StackFrame } from '@vltair/protocol';
import type { WorkspacePaths } from './workspace-paths.ts';

const v8Frame = /^\s*at (?:async )?(?:(.+) \()?([^()]+?):(\d+):(\d+)\)?\s*$/;
const barePlace = /^\s*(?:❯ )?((?:file:\/\/)?\/[^:]+):(\d+)(?::(\d+))?\s*$/;
const framedPlace = /╭─\[ ?(.+?):(\d+):(\d+) ?\]/;
const babelPlace = /^\s*SyntaxError: (.+?): .* \((\d+):(\d+)\)$/;
const pythonFrame = /^\s*File "([^"]+)", line (\d+)(?:, in (.+))?$/;
const longestLine = 2000;

/**
 * The frames of a stack trace that lie in the workspace, innermost first; dependencies and the runtime's own are left out.
 * Reads V8's traces (also the places that precede or frame a syntax error) and Python's, which print outermost first.
 */
export function parseStack(text: string, paths: WorkspacePaths): StackFrame[] {
  const lines = text.split('\n').filter((line) => line.length <= longestLine);
  const python = lines.flatMap((line) => frame(pythonFrame.exec(line), paths, { file: 1, line: 2, function: 3 }));
  if (python.length > 0) return python.toReversed();
  return lines.flatMap((line) => [
    ...frame(v8Frame.exec(line), paths, { function: 1, file: 2, line: 3, column: 4 }),
    ...frame(framedPlace.exec(line), paths, { file: 1, line: 2, column: 3 }),
    ...frame(babelPlace.exec(line), paths, { file: 1, line: 2 }),
    ...frame(barePlace.exec(line), paths, { file: 1, line: 2, column: 3 }),
  ]);
}

interface Groups {
  readonly file: number;
  readonly line: number;
  readonly column?: number;
  readonly function?: number;
}

function frame(match: RegExpExecArray | null, paths: WorkspacePaths, groups: Groups): StackFrame[] {
  const file = paths.relative(match?.[groups.file]);
  const line = Number(match?.[groups.line]);
  if (match === null || file === undefined || !(line > 0)) return [];
  const column = groups.column === undefined ? 0 : Number(match[groups.column]);
  const name = groups.function === undefined ? undefined : match[groups.function];
  return [{ file, line, ...(column > 0 ? { column } : {}), ...(name === undefined ? {} : { function: name }) }];
}
