import { resolve } from 'node:path';
import { errorCatalogue, exitCodes, type ExitCode } from '@vltair/protocol';
import { loadEngine, type PlacedProblem } from '@vltair/server';
import type { CommandContext } from '../command-context.ts';
import type { Output } from '../output.ts';

/** Lists all that is wrong with workflow files; warnings refuse nothing. */
export async function validate(context: CommandContext, files: readonly string[]): Promise<ExitCode> {
  const { host, output, configuration } = context;
  const { validateWithAgents } = await loadEngine();
  const checked: CheckedFile[] = [];
  for (const file of files) {
    const { workflow, errors, warnings } = await validateWithAgents(resolve(host.directory, file), configuration);
    checked.push({ file, workflow: workflow?.name, errors, warnings });
  }
  const ok = checked.every(({ errors }) => errors.length === 0);
  output.result({ ok, files: checked.map(plainFile) }, () =>
    checked.flatMap((each) => fileLines(each, output)).join('\n'),
  );
  return ok ? exitCodes.done : exitCodes.usage;
}

interface CheckedFile {
  readonly file: string;
  readonly workflow: string | undefined;
  readonly errors: readonly PlacedProblem[];
  readonly warnings: readonly PlacedProblem[];
}

function plainFile({ file, workflow, errors, warnings }: CheckedFile) {
  return { file, ok: errors.length === 0, workflow, errors: errors.map(plain), warnings: warnings.map(plain) };
}

function fileLines({ file, workflow = '', errors, warnings }: CheckedFile, output: Output): readonly string[] {
  const problems = [...errors, ...warnings].map((problem) => problemText(problem, file, output));
  return errors.length === 0 ? [...problems, `${file}: ${workflow} can run${counted(warnings.length)}`] : problems;
}

function plain({ reason, message, path, suggestion, line, column }: PlacedProblem) {
  return { reason, message, path, suggestion, line, column };
}

function problemText(
  { severity, reason, message, line, column }: PlacedProblem,
  file: string,
  { paint }: Output,
): string {
  const place = line === undefined ? file : `${file}:${line}:${column}`;
  const isError = severity === 'error';
  const head = paint(isError ? 'red' : 'yellow', isError ? `error[${reason}]` : 'warning');
  const words = isError ? message : message.slice(errorCatalogue[reason].summary.length + 1);
  return `${place}: ${head}: ${words}`;
}

function counted(warnings: number): string {
  if (warnings === 0) return '';
  return `; ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`;
}
