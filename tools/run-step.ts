// One step of the verify script: a command, its output, how long it took.
import { spawn } from 'node:child_process';

export interface Step {
  readonly name: string;
  readonly command: string;
  readonly arguments: readonly string[];
  /** Refuses output that the command itself does not mind; returns what is wrong with it. */
  readonly refuses?: (output: string) => string | undefined;
}

export interface Outcome {
  readonly passed: boolean;
  readonly output: string;
  readonly milliseconds: number;
}

/** Runs the step to its end with an empty standard input. */
export async function runStep(step: Step, cwd: string): Promise<Outcome> {
  const started = performance.now();
  const { code, output } = await runCommand(step, cwd);
  const refusal = step.refuses?.(output);
  return {
    passed: code === 0 && refusal === undefined,
    output: refusal === undefined ? output : `${output}\n${refusal}\n`,
    milliseconds: performance.now() - started,
  };
}

function runCommand(step: Step, cwd: string): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(step.command, step.arguments, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const keep = (text: string): void => {
      output += text;
    };
    child.stdout.setEncoding('utf8').on('data', keep);
    child.stderr.setEncoding('utf8').on('data', keep);
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({ code, output });
    });
  });
}
