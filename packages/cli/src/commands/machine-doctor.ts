import { exitCodes, type ExitCode } from '@vltair/protocol';
import { loadEngine, type Finding } from '@vltair/server';
import { storeOf, type CommandContext } from '../command-context.ts';
import { oneLine, table, type Paint } from '../render/terminal-text.ts';

export async function doctor(context: CommandContext): Promise<ExitCode> {
  const { configuration, output } = context;
  const { examineMachine } = await loadEngine();
  const findings = await examineMachine({ dataDirectory: storeOf(context).dataDirectory, configuration });
  const ok = findings.every(({ verdict }) => verdict !== 'bad');
  output.result({ ok, findings }, () => findingsPage(findings, output.paint));
  return ok ? exitCodes.done : exitCodes.failed;
}

const MARKS = { good: ['✔', 'green'], weak: ['!', 'yellow'], bad: ['✖', 'red'] } as const;

export function findingsPage(findings: readonly Finding[], paint: Paint): string {
  const lines = table(findings.map(({ name, detail }) => [name, oneLine(detail)]));
  return findings
    .flatMap(({ verdict, advice }, at) => {
      const [mark, colour] = MARKS[verdict];
      const line = `${paint(colour, mark)} ${lines[at] ?? ''}`;
      return advice === undefined ? [line] : [line, `    next: ${oneLine(advice)}`];
    })
    .join('\n');
}
