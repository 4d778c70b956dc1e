import type { CommandFunction } from './command-context.ts';

/** Flags as they are typed, and what they mean. */
export type OptionDefinition = readonly [flags: string, description: string];

/** One command: its grammar, and where its code is, which is loaded when it is meant. */
export interface CommandDefinition {
  readonly usage: string;
  readonly description: string;
  readonly options: readonly OptionDefinition[];
  readonly examples: readonly string[];
  readonly load: () => Promise<CommandFunction>;
}

const sandbox: OptionDefinition = [
  '--sandbox <mode>',
  'strict: refuse what cannot be isolated; best-effort: say what is missing (default: best-effort)',
];

export const commandDefinitions: readonly CommandDefinition[] = [
  {
    usage: 'demo',
    description: 'Repair an example project in a temporary directory, and show what can be done with the run.',
    options: [],
    examples: ['vltair demo'],
    load: async () => (await import('./commands/demo-run.ts')).runDemo,
  },
  {
    usage: 'fix [dir]',
    description: 'Repair the failing tests of a project. Its files stay as they are unless --apply is given.',
    options: [
      ['--test <command>', 'the command that runs the tests (default: found from the project)'],
      ['--apply', 'write the repair into the project, unless its files have changed meanwhile'],
      ['--max-candidates <n>', 'edits to try at most (default: 1000)'],
      ['--timeout <duration>', 'bound of the whole run (default: 30m)'],
      ['--test-timeout <duration>', 'bound of one run of the tests (default: 120s)'],
      ['--new', 'start a new run although the same request has an unfinished one'],
      sandbox,
    ],
    examples: [
      'vltair fix',
      'vltair fix packages/billing --apply',
      'vltair fix --test "npm run test:unit" --timeout 10m',
    ],
    load: async () => (await import('./commands/project-fix.ts')).fix,
  },
  {
    usage: 'run [workflow]',
    description: 'Run a workflow file, or one agent task.',
    options: [
      ['--input <json>', 'input of the workflow, as JSON or @file'],
      ['--file <task>', 'a task envelope to run instead of a workflow; - reads standard input'],
    ],
    examples: ['vltair run review.yaml --input \'{"paths":["src"]}\'', 'vltair run --file task.json --json'],
    load: async () => (await import('./commands/workflow-run.ts')).run,
  },
  {
    usage: 'resume <id>',
    description: 'Go on with a run that was interrupted or waits for a person.',
    options: [
      ['--parked <answer>', 'retry or fail: what becomes of calls of which nobody knows whether they happened'],
    ],
    examples: ['vltair resume last', 'vltair resume 4f2a --parked retry'],
    load: async () => (await import('./commands/run-resume.ts')).resume,
  },
  {
    usage: 'cancel <id>',
    description: 'End a run for good, also one that another process works on.',
    options: [['--reason <text>', 'why, for the log (default: cancelled by the user)']],
    examples: ['vltair cancel last', 'vltair cancel 4f2a --reason "wrong branch"'],
    load: async () => (await import('./commands/run-cancel.ts')).cancel,
  },
  {
    usage: 'runs',
    description: 'List runs, newest first.',
    options: [
      ['--status <status>', 'only runs of these statuses, separated by commas'],
      ['--limit <n>', 'runs to list at most (default: 20)'],
    ],
    examples: ['vltair runs', 'vltair runs --status failed,paused --limit 5'],
    load: async () => (await import('./commands/run-list.ts')).listRuns,
  },
  {
    usage: 'show <id>',
    description: 'What happened in a run, and why.',
    options: [['--diff', 'print the change of the run alone, to be piped into git apply']],
    examples: ['vltair show last', 'vltair show 4f2a --diff | git apply'],
    load: async () => (await import('./commands/run-show.ts')).show,
  },
  {
    usage: 'events <id>',
    description: 'Print the log of a run, one line per event.',
    options: [
      ['-f, --follow', 'go on with the events that come, until the run has ended'],
      ['--after <seq>', 'only events after this one'],
    ],
    examples: ['vltair events last', 'vltair events 4f2a --follow --json'],
    load: async () => (await import('./commands/run-events.ts')).printEvents,
  },
  {
    usage: 'replay [id]',
    description: 'Rebuild the state of a run from its log, without any outside call.',
    options: [
      ['--run-id <id>', 'the run, named by an option'],
      ['--at <moment>', 'after this event, or at this time (ISO 8601) (default: the end)'],
      ['--verify', 'compare every decision of the log with what this version decides'],
    ],
    examples: ['vltair replay last --at 12', 'vltair replay 4f2a --verify', 'vltair replay --run-id 4f2a'],
    load: async () => (await import('./commands/run-replay.ts')).replay,
  },
  {
    usage: 'export <id>',
    description: 'Print a run as signed JSON lines.',
    options: [['-o, --out <file>', 'write them to a new file']],
    examples: ['vltair export last --out run.jsonl'],
    load: async () => (await import('./commands/run-export.ts')).exportToFile,
  },
  {
    usage: 'import <file>',
    description: 'Take a run of another store in, to be read and replayed here.',
    options: [
      ['--key <fingerprint>', 'of the key that should have signed it'],
      ['--drop-torn-tail', 'take what is whole of a file that was cut'],
    ],
    examples: ['vltair import run.jsonl --key 3b5c...'],
    load: async () => (await import('./commands/run-import.ts')).importFile,
  },
  {
    usage: 'verify <subject>',
    description: 'Prove that an export, or a stored run, is what was signed.',
    options: [['--key <fingerprint>', 'of the key that should have signed it']],
    examples: ['vltair verify run.jsonl --key 3b5c...', 'vltair verify last'],
    load: async () => (await import('./commands/run-verify.ts')).verify,
  },
  {
    usage: 'status',
    description: 'Version, store, runs by status, agents and redaction settings.',
    options: [['--probe', 'also find out what the sandbox can do here']],
    examples: ['vltair status', 'vltair status --probe --json'],
    load: async () => (await import('./commands/store-status.ts')).status,
  },
  {
    usage: 'queue',
    description: 'How much waits, and who works on it.',
    options: [],
    examples: ['vltair queue --json'],
    load: async () => (await import('./commands/store-queue.ts')).queue,
  },
  {
    usage: 'doctor',
    description: 'Try what vltair needs of this machine, and say what to install.',
    options: [],
    examples: ['vltair doctor'],
    load: async () => (await import('./commands/machine-doctor.ts')).doctor,
  },
];
