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

const detach: OptionDefinition = ['--detach', 'record it only; whoever works in the store goes on with the run'];

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
    usage: 'validate <workflows...>',
    description: 'Tell all that is wrong with workflow files, without running them.',
    options: [],
    examples: ['vltair validate review.yaml', 'vltair validate workflows/*.yaml --json'],
    load: async () => (await import('./commands/workflow-validate.ts')).validate,
  },
  {
    usage: 'graph [workflow]',
    description: 'Draw a workflow, or what happened in a run of it.',
    options: [
      ['--run <id>', 'draw this run instead of a file: what became of each node'],
      ['--format <format>', 'mermaid or svg (default: what --out ends in, else mermaid)'],
      ['-o, --out <file>', 'write the drawing to a file'],
    ],
    examples: [
      'vltair graph review.yaml',
      'vltair graph review.yaml --out review.svg',
      'vltair graph --run last --format svg',
    ],
    load: async () => (await import('./commands/workflow-graph.ts')).graph,
  },
  {
    usage: 'schema <format>',
    description: 'Print the format of workflow files as JSON Schema, for editors.',
    options: [],
    examples: ['vltair schema workflow'],
    load: async () => (await import('./commands/schema-print.ts')).printSchema,
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
    usage: 'work',
    description: 'Stay, and work on every unfinished run of the store; stand by while another process does.',
    options: [
      ['--concurrency <n>', 'attempts in flight at a time (default: one per processor)'],
      ['--drain', 'leave when nothing is left to do'],
      ['--grace <duration>', 'how long attempts in flight may go on after SIGTERM or SIGINT (default: 10s)'],
    ],
    examples: ['vltair work', 'vltair work --concurrency 4 --json', 'vltair work --drain'],
    load: async () => (await import('./commands/store-work.ts')).workOn,
  },
  {
    usage: 'cancel <id>',
    description: 'End a run for good, also one that another process works on.',
    options: [
      ['--reason <text>', 'why, for the log (default: cancelled by the user)'],
      ['--node <node>', 'only the branch that begins at this node'],
    ],
    examples: ['vltair cancel last', 'vltair cancel 4f2a --reason "wrong branch"'],
    load: async () => (await import('./commands/run-cancel.ts')).cancel,
  },
  {
    usage: 'approve <id> [approval]',
    description:
      'Say yes to what a run asks, and go on with it. The approval is its id or its node; one that is alone need not be named.',
    options: [['--comment <text>', 'words for the log'], detach],
    examples: ['vltair approve last', 'vltair approve 4f2a deploy --comment "checked with the team" --detach'],
    load: async () => (await import('./commands/approval-grant.ts')).approve,
  },
  {
    usage: 'reject <id> [approval]',
    description: 'Say no to what a run asks, and go on with it.',
    options: [['--reason <text>', 'why; the run shows it'], detach],
    examples: ['vltair reject last --reason "not on a Friday"'],
    load: async () => (await import('./commands/approval-reject.ts')).reject,
  },
  {
    usage: 'signal <id> <name>',
    description: 'Send a message to a run that waits for it, or will.',
    options: [['--data <json>', 'what is sent, as JSON or @file (default: null)'], detach],
    examples: ['vltair signal last answer --data \'{"ok":true}\''],
    load: async () => (await import('./commands/signal-send.ts')).sendSignal,
  },
  {
    usage: 'pause <id>',
    description: 'Let a run begin nothing new; what is at work goes on. `resume` continues it.',
    options: [['--reason <text>', 'why, for the log (default: paused by the user)']],
    examples: ['vltair pause last --reason "the network is down"'],
    load: async () => (await import('./commands/run-pause.ts')).pause,
  },
  {
    usage: 'retry <id>',
    description: 'Try a failed run again: what failed, and all that follows from it.',
    options: [['--grant <json>', 'raise the budget: \'{"calls":10}\''], detach],
    examples: ['vltair retry last', 'vltair retry 4f2a --grant \'{"tokens":5000}\''],
    load: async () => (await import('./commands/run-retry.ts')).retry,
  },
  {
    usage: 'rollback <id>',
    description:
      'Take a run back to how it stood after an event, and go on from there. What was done to the world stays done.',
    options: [['--to <seq>', 'the event, as `vltair events` numbers it'], detach],
    examples: ['vltair rollback last --to 12'],
    load: async () => (await import('./commands/run-rollback.ts')).rollback,
  },
  {
    usage: 'fork <id>',
    description: 'Begin a new run with what another one had come to before a node.',
    options: [
      ['--from <node>', 'the node that the new run begins with'],
      ['--input <json>', 'another input, as JSON or @file'],
    ],
    examples: ['vltair fork last --from review'],
    load: async () => (await import('./commands/run-fork.ts')).fork,
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
    usage: 'budget <verb> [id]',
    description: 'What a run has spent and set aside of its budget.',
    options: [
      ['--task <id>', 'the run, named by an option'],
      ['--history', 'also the last changes'],
      ['--limit <n>', 'changes at most (default: 50)'],
    ],
    examples: ['vltair budget show last', 'vltair budget show --task 4f2a --history --json'],
    load: async () => (await import('./commands/budget-show.ts')).budget,
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
    usage: 'migrate <id>',
    description:
      'Go on with a live run on a changed workflow. Refused where something that has begun would be rewritten.',
    options: [
      ['--to <workflow>', 'a workflow file, or the digest of a workflow that a run of the store was started with'],
      ['--dry-run', 'say what would change'],
      detach,
    ],
    examples: ['vltair migrate last --to release.yaml --dry-run', 'vltair migrate 4f2a --to 5c0f83d21b9e --detach'],
    load: async () => (await import('./commands/run-migrate.ts')).migrate,
  },
  {
    usage: 'rehearse [id...]',
    description:
      'Try before a deploy whether this version would go on with the runs of the store as they were recorded.',
    options: [['--all', 'also runs that have ended (default: those that have not, or the runs that are named)']],
    examples: ['vltair rehearse', 'vltair rehearse --all --json', 'vltair rehearse 4f2a'],
    load: async () => (await import('./commands/store-rehearse.ts')).rehearseRuns,
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
    description: 'Prove that an export, a backup, or a stored run, is what was signed.',
    options: [['--key <fingerprint>', 'of the key that should have signed it']],
    examples: ['vltair verify run.jsonl --key 3b5c...', 'vltair verify /mnt/backup/monday', 'vltair verify last'],
    load: async () => (await import('./commands/run-verify.ts')).verify,
  },
  {
    usage: 'archive [ids...]',
    description: 'Move finished runs into the compressed archive of the store. They read, verify and replay as before.',
    options: [
      ['--older-than <duration>', 'only runs that ended this long ago or longer: 30d, 12h'],
      ['--status <status>', 'only runs of these statuses, separated by commas (default: every end)'],
    ],
    examples: ['vltair archive --older-than 30d', 'vltair archive last --json'],
    load: async () => (await import('./commands/store-archive.ts')).archive,
  },
  {
    usage: 'purge <id>',
    description: 'Erase what the events of a finished run say, for good. Their order and digests still verify.',
    options: [
      ['--payloads', 'what is erased: payloads and their salts (the default)'],
      ['--reason <text>', 'why, for the log'],
      ['--dry-run', 'say what would be erased'],
    ],
    examples: ['vltair purge 4f2a --dry-run', 'vltair purge 4f2a --payloads --reason "asked for by its owner"'],
    load: async () => (await import('./commands/run-purge.ts')).purge,
  },
  {
    usage: 'gc',
    description: 'Remove what nothing in the store refers to, and write the database anew.',
    options: [
      ['--dry-run', 'say what would be removed'],
      ['--grace <duration>', 'leave workspace files alone that were used this short a time ago (default: 15m)'],
    ],
    examples: ['vltair gc --dry-run', 'vltair gc'],
    load: async () => (await import('./commands/store-gc.ts')).collectGarbage,
  },
  {
    usage: 'backup <dir>',
    description: 'Copy the store into a new directory, also while a process works in it, and verify the copy.',
    options: [['--with-key', 'take the signing key along: whoever has the backup can then sign']],
    examples: ['vltair backup /mnt/backup/monday', 'vltair backup copy --with-key --json'],
    load: async () => (await import('./commands/store-backup.ts')).backUp,
  },
  {
    usage: 'restore <backup>',
    description: 'Make a new data directory of a backup. Calls that the original may have sent since are parked.',
    options: [
      ['--to <dir>', 'the new data directory; it must not exist, or be empty'],
      ['--key <file>', 'the signing key, where the backup does not hold it'],
      ['--new-key', 'for reading alone: no run is continued, and what begins is signed by a new key'],
      ['--original-stopped', 'the original did nothing after the backup: only its open calls are in doubt'],
    ],
    examples: ['vltair restore /mnt/backup/monday --to .vltair --key signing.key'],
    load: async () => (await import('./commands/store-restore.ts')).restore,
  },
  {
    usage: 'move',
    description: 'Move the store from the data directory into a PostgreSQL database, verify the copy, and go on there.',
    options: [
      ['--to <url>', 'the database, without a store in it (default: DATABASE_URL)'],
      ['--abort', 'take a move back that was cut short'],
    ],
    examples: ['vltair move --to postgres://vltair@db.internal/vltair', 'vltair move --abort'],
    load: async () => (await import('./commands/store-move.ts')).move,
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
