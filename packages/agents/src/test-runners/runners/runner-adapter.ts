import type { TestCommand, TestSelection } from '../test-command.ts';

/** The directory, in the tests' working directory, that holds our reporters and the report while a run lasts. */
export const supportDirectory = '.vltair-tests';

interface InvocationRequest {
  readonly command: TestCommand;
  /** The interpreter: the user's node or python. */
  readonly program: string;
  /** Files relative to the command's directory; empty means everything. */
  readonly selection: readonly TestSelection[];
  readonly coverage: boolean;
}

export interface Invocation {
  readonly argv: readonly [string, ...string[]];
  readonly environment?: Readonly<Record<string, string>>;
}

/** What a runner needs to know of itself; everything else is the same for all. */
export interface RunnerAdapter {
  readonly language: 'node' | 'python' | 'shell';
  invoke(request: InvocationRequest): Invocation;
}

/** The files of a selection, once each, sorted. */
export function selectedFiles(selection: readonly TestSelection[]): string[] {
  return [...new Set(selection.map(({ file }) => file))].toSorted();
}

/** The project's own options without its file patterns: an option's value is kept, a bare word that follows none is a file. */
export function optionsOf(words: readonly string[], takesValue: RegExp): string[] {
  return words.filter((word, index) => word.startsWith('-') || takesValue.test(words[index - 1] ?? ''));
}

/**
 * A pattern for runners that match a regular expression against titles joined by a space; undefined when a whole file is
 * selected. It may match a case of the same titles in another selected file: the reader keeps only what was asked for.
 */
export function titlePattern(selection: readonly TestSelection[]): string | undefined {
  const paths = selection.flatMap(({ path }) => (path === undefined ? [] : [path]));
  if (paths.length === 0 || paths.length < selection.length) return undefined;
  const patterns = [...new Set(paths)].toSorted().map((path) => escaped(path).replaceAll(' > ', '(?: > | )'));
  return `^\\s*(?:${patterns.join('|')})$`;
}

function escaped(text: string): string {
  return text.replaceAll(/[$()*+.?[\\\]^{|}/]/g, String.raw`\$&`).replaceAll('\n', String.raw`\n`);
}
