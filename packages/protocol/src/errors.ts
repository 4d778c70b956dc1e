/**
 * The one error catalogue. Every refusal and failure of the product is an entry here: a code from a closed list, a
 * reason, whose fault it is, whether trying again can help, the exit code of a command that ends with it, and what a
 * person should do next. `docs/errors.md` is this table for readers; a test holds the two together.
 */
import { sanitizeText, type RedactionSettings } from './secrets.ts';

/** Codes: transport statuses and envelopes switch on these; the list is closed. */
export const errorCodes = [
  'invalid_argument',
  'not_found',
  'unauthorized',
  'forbidden',
  'timeout',
  'test_failed',
  'internal',
  'unavailable',
  'payload_too_large',
  'deadline_exceeded',
  'resource_exhausted',
  'queue_full',
  'filters_invalid',
  'transient',
  'fatal',
  'not_implemented',
  'method_not_allowed',
  'rate_limited',
  'budget_exceeded',
  'cancelled',
] as const;
export type ErrorCode = (typeof errorCodes)[number];

/** Who can mend it: the caller (input), the operator (machine, configuration), the work itself (the user's code or tests), or us (a bug). */
export type Fault = 'caller' | 'operator' | 'work' | 'us';

/** Exit codes of `vltair`. */
export const exitCodes = { done: 0, failed: 1, usage: 2, waiting: 3, interrupted: 130 } as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export interface CatalogueEntry {
  /** What is wrong, one sentence. */
  readonly summary: string;
  readonly fault: Fault;
  readonly retryable: boolean;
  readonly exitCode: ExitCode;
  /** What a person does next, one sentence. */
  readonly next: string;
}

const caller = (summary: string, next: string): CatalogueEntry => ({
  summary,
  fault: 'caller',
  retryable: false,
  exitCode: exitCodes.usage,
  next,
});
const operator = (summary: string, next: string, retryable = false): CatalogueEntry => ({
  summary,
  fault: 'operator',
  retryable,
  exitCode: exitCodes.failed,
  next,
});
const work = (summary: string, next: string): CatalogueEntry => ({
  summary,
  fault: 'work',
  retryable: false,
  exitCode: exitCodes.failed,
  next,
});
const us = (summary: string, retryable = false): CatalogueEntry => ({
  summary,
  fault: 'us',
  retryable,
  exitCode: exitCodes.failed,
  next: 'Report it with the output of `vltair export` for the run; the run itself is kept.',
});

/** Keys are `code/reason`. */
export const errorCatalogue = {
  'invalid_argument/usage': caller('The command line is not understood.', 'Run the command with --help.'),
  'invalid_argument/environment': caller(
    'An environment variable holds a value that is not allowed.',
    'Correct or unset the variable that is named.',
  ),
  'invalid_argument/envelope': caller(
    'A message envelope does not fit its schema.',
    'Correct the field that is named; the schemas stand in docs/protocol.md.',
  ),
  'invalid_argument/protocol_version': caller('The envelope has another protocol version.', 'Send protocolVersion 1.'),
  'invalid_argument/json': caller('The text is not JSON.', 'Correct the text at the position that is named.'),
  'invalid_argument/yaml': caller('The text is not YAML.', 'Correct the text at the line that is named.'),
  'invalid_argument/module': caller(
    'The module gives no workflow.',
    'Export the workflow as `workflow` or as the default, and correct what is named.',
  ),
  'invalid_argument/workflow': caller(
    'The workflow does not fit the format.',
    'Correct the field that is named; the format stands in docs/workflows.md.',
  ),
  'invalid_argument/test_script': caller(
    'The test cannot play the workflow.',
    'Correct what is named in the options of testWorkflow; docs/workflows.md has examples.',
  ),
  'invalid_argument/duplicate_node': caller('Two nodes have the same id.', 'Rename one of them.'),
  'invalid_argument/unknown_node': caller('An edge names a node that does not exist.', 'Correct the node id.'),
  'invalid_argument/unknown_agent': caller(
    'The workflow names an agent that is not registered.',
    'Run `vltair status` for the agents that exist.',
  ),
  'invalid_argument/duplicate_agent': us('Two agents are registered under one name.'),
  'invalid_argument/graph_cycle': caller(
    'The nodes need each other in a circle.',
    'Remove one of the edges named; to repeat work, use a route back with maxVisits.',
  ),
  'invalid_argument/route_not_dominating': caller(
    'A route jumps back to a node that does not dominate it.',
    'Route to a node that lies on every path to the route, so that the loop has one entry.',
  ),
  'invalid_argument/template': caller(
    'A template refers to something that does not exist.',
    'Correct the reference; only nodes that are done, and the run input, can be referred to.',
  ),
  'invalid_argument/agent_input': caller('The input does not fit the agent.', 'Correct the input field that is named.'),
  'invalid_argument/workflow_input': caller(
    'The input does not fit the workflow.',
    'Give the run what is named (`--input`); the workflow says what it takes under `input`.',
  ),
  'invalid_argument/agent_output': us('An agent returned a result that does not fit its schema.'),
  'invalid_argument/effect_in_flight': us('An agent started two effects of one name at the same time.'),
  'invalid_argument/expression': caller(
    'The expression is not understood, or cannot be evaluated.',
    'Correct the CEL expression that is named.',
  ),
  'invalid_argument/policy': operator(
    'The policy is not understood.',
    'Correct the field of the policy file that is named.',
  ),
  'invalid_argument/map_items': caller(
    'What the node maps over is no list, or too long a list.',
    'Correct the template, or raise maxItems.',
  ),
  'invalid_argument/run_ending': caller(
    'The run is cleaning up before its end.',
    'Wait for its end: compensations and finally nodes have deadlines of their own.',
  ),
  'invalid_argument/child_run': caller(
    'The run is part of another one, which has gone on without it.',
    'Put the wish to the run above it, which `vltair show` names.',
  ),
  'invalid_argument/rollback': caller(
    'The run cannot be taken back.',
    'Fork it from a node with `vltair fork`, or cancel it, which undoes what it has done.',
  ),
  'invalid_argument/run_busy': caller('The run is at work.', 'Wait until it rests, or cancel it.'),
  'invalid_argument/migration': caller(
    'The run cannot go on with that workflow.',
    'Change the workflow so that each obstacle that is named is gone; `vltair migrate --dry-run` looks again.',
  ),
  'invalid_argument/run_paused': caller('The run is paused already.', 'Continue it with `vltair resume`.'),
  'invalid_argument/not_failed': caller(
    'Only a failed run can be tried again.',
    'Continue an interrupted or paused run with `vltair resume`; start a new run of a cancelled one.',
  ),
  'invalid_argument/approval_decided': caller(
    'The approval has been answered already, or needs no answer any more.',
    'Run `vltair show` for who decided what.',
  ),
  'invalid_argument/node_ended': caller('The node has ended.', 'Run `vltair show` for how.'),
  'invalid_argument/signal_data': caller(
    'The data does not fit the form of the signal.',
    'Correct the field that is named.',
  ),
  'invalid_argument/run_ended': caller('The run has ended.', 'Run `vltair show` for how; start a new run to work on.'),
  'invalid_argument/run_unfinished': caller(
    'The run has not ended.',
    'Wait for its end, or cancel it with `vltair cancel`.',
  ),
  'invalid_argument/not_empty': caller(
    'There is something at that place already.',
    'Name a place that does not exist yet; nothing is overwritten.',
  ),
  'invalid_argument/backup': caller(
    'The backup is not what was signed.',
    'Use another backup; this one was cut or changed.',
  ),
  'invalid_argument/backup_key': caller(
    'Without its signing key the runs of a backup can be read, but not continued.',
    'Name the key with --key, or restore for reading alone with --new-key.',
  ),
  'invalid_argument/path_outside': caller('The path lies outside of the project.', 'Name a path inside the project.'),
  'invalid_argument/not_a_directory': caller('The path is not a directory.', 'Name an existing directory.'),
  'invalid_argument/unreadable': caller(
    'A file of the project cannot be read.',
    'Give read permission to the file that is named.',
  ),
  'invalid_argument/key_not_pinned': caller(
    'The export cannot be trusted without knowing who should have signed it.',
    'Give the fingerprint with --key; `vltair status` on the machine of origin prints it.',
  ),
  'invalid_argument/export_altered': work(
    'The export is not what was signed.',
    'Get the file again from its origin; the line that is named is the first that differs.',
  ),
  'invalid_argument/export_torn': work(
    'The export ends in the middle of a line.',
    'Get the file again, or import it with --drop-torn-tail, which loses the event that is cut.',
  ),
  'invalid_argument/export_key': work(
    'The export is signed by another key than the one expected.',
    'Check the fingerprint with the person who made the export.',
  ),
  'invalid_argument/run_exists': caller(
    'The store already has a run of this id.',
    'Read it with `vltair show`; to import another copy, use another data directory.',
  ),
  'invalid_argument/run_imported': caller(
    'The run was imported: another store works on it.',
    'Send the command to the store that it came from.',
  ),
  'invalid_argument/vector': caller(
    'The vector cannot be stored or compared.',
    'Give as many finite numbers as the dimension says, not all of them zero.',
  ),
  'invalid_argument/empty_text': caller(
    'The text holds nothing that could be embedded.',
    'Give a text with at least one character that is not blank.',
  ),
  'invalid_argument/embedder': caller('The embedder cannot be set up like that.', 'Correct the setting that is named.'),
  'invalid_argument/minified': work('The code is minified.', 'Point vltair at the sources.'),
  'not_found/run': caller('There is no such run.', 'Run `vltair runs` for the runs that exist.'),
  'not_found/agent': caller('There is no such agent.', 'Run `vltair status` for the agents that exist.'),
  'not_found/store': caller(
    'There is no store here yet.',
    'Start a run first, or set VLTAIR_DATA_DIR to where one is.',
  ),
  'not_found/payload': caller(
    'The payload of an event was purged.',
    'Only its digest is left; `vltair verify` still proves the order of the events.',
  ),
  'not_found/file': caller('There is no such file.', 'Check the path.'),
  'not_found/node': caller('The run has no such node.', 'Run `vltair show` for its nodes.'),
  'not_found/approval': caller('Nothing waits for this approval.', 'Run `vltair show` for what the run waits for.'),
  'not_found/signal': caller('No node waits for a signal of this name.', 'Use a name that the workflow has.'),
  'not_found/workflow': caller('There is no such workflow.', 'Add it under `workflows`, or correct the name.'),
  'not_found/parked_effect': caller(
    'No effect of that key waits for a person.',
    'Run `vltair show` for what the run waits for.',
  ),
  'not_found/secret': operator(
    'There is no secret of this name.',
    'Set the variable VLTAIR_SECRET_NAME, with the name that the message has, where vltair is started.',
  ),
  'not_found/tests': caller(
    'No tests were found.',
    'Name the command that runs them with --test, e.g. `vltair fix --test "npm test"`.',
  ),
  'not_found/test_runner': operator(
    'The test runner that the project uses is not installed.',
    'Install the dependencies of the project, or name a command with --test.',
  ),
  'forbidden/approver': caller('The approval is for others to give.', 'Ask one of the approvers that are named.'),
  'forbidden/rejected': work('A person rejected it.', 'Read the reason with `vltair show`.'),
  'forbidden/policy': work(
    'The policy does not allow the call.',
    'Ask whoever keeps the policy to change the rule that is named.',
  ),
  'forbidden/host': operator(
    'The host is not one that requests may go to.',
    'Add it to VLTAIR_HTTP_ALLOW, as host or host:port, if runs may send requests there.',
  ),
  'forbidden/address': operator(
    'The host leads to a private address.',
    'Add the address itself to VLTAIR_HTTP_ALLOW if runs may send requests there.',
  ),
  'forbidden/network': operator(
    'Commands have no network.',
    'Set VLTAIR_SHELL_NETWORK=1 if commands of workflows may use the network of this machine.',
  ),
  'forbidden/protected_path': work(
    'The change touches a file that agents may not change.',
    'Tests and their configuration are protected; change them by hand if they are wrong.',
  ),
  'timeout/wall': work(
    'A command did not end in its time.',
    'Raise --test-timeout, or look for what hangs in the test that is named.',
  ),
  'timeout/call': {
    ...work('A single call did not end in its time.', 'It is tried again while the node has time left.'),
    retryable: true,
  },
  'test_failed/still_failing': work(
    'Tests fail and no edit was found that makes all of them pass.',
    'Read what was tried with `vltair show`; raise --max-candidates, or mend it by hand.',
  ),
  'test_failed/tests': work('Tests fail.', 'Read the failing cases; `vltair fix` tries to repair them.'),
  'test_failed/runner': work(
    'The test runner failed before it could report its tests.',
    'Run the test command by hand; mend what it prints.',
  ),
  'test_failed/tree_deleted': work(
    'The tests deleted the directory that they ran in.',
    'Make them delete only what they made in a temporary directory of their own; `vltair show` has the run.',
  ),
  'test_failed/flaky': work(
    'Tests fail only sometimes.',
    'Make the tests that are named deterministic first; a flaky failure is never repaired.',
  ),
  'internal/unexpected': us('Something failed that should not have.'),
  'internal/chain_broken': operator(
    'The log of the run does not verify.',
    'Stop using this store; restore a backup or look at the event that is named.',
  ),
  'internal/replay_differs': us('Replaying the log gives other decisions than those recorded.'),
  'internal/sandbox': operator(
    'The sandbox could not be set up.',
    'Run `vltair doctor`, which says what is missing.',
    true,
  ),
  'unavailable/store_locked': operator(
    'Another process works in this data directory.',
    'Wait for it, or follow it with `vltair events last --follow`; set VLTAIR_DATA_DIR for a separate store.',
    true,
  ),
  'unavailable/store_read_only': operator(
    'The data directory cannot be written.',
    'Give write permission, or set VLTAIR_DATA_DIR to a place that can be written.',
  ),
  'unavailable/store_full': operator(
    'The disk of the data directory is full.',
    'Free some space and run the same command again; nothing that was acknowledged is lost.',
    true,
  ),
  'unavailable/directory_read_only': operator(
    'A file of the project cannot be written.',
    'Give write permission to the place that is named and run the same command again; nothing is half done.',
  ),
  'unavailable/disk_full': operator(
    'The disk is full.',
    'Free some space at the place that is named and run the same command again.',
    true,
  ),
  'unavailable/temporary_directory': operator(
    'The directory for temporary files cannot be used.',
    'Remove what occupies the place that is named, or set TMPDIR to a directory of your own.',
  ),
  'unavailable/store_corrupt': operator(
    'The store is damaged.',
    'Restore a backup, or move the data directory away to start anew; nothing was changed.',
  ),
  'unavailable/store_newer': operator(
    'The store, or a log, was written by a newer version of vltair.',
    'Install that version or a later one; nothing was changed.',
  ),
  'unavailable/store_unreachable': operator(
    'The database of the store cannot be reached.',
    'Start it, or correct DATABASE_URL; without that variable the store is a file in the data directory.',
    true,
  ),
  'unavailable/store_moved': operator(
    'The store of this data directory has moved to another place.',
    'Set DATABASE_URL to the place that is named; what is left in the directory can be read, and is changed no more.',
  ),
  'unavailable/store_moving': operator(
    'The store of this data directory is on its way to another place.',
    'Run `vltair move` again to end it, or with `--abort` to stay here.',
  ),
  'unavailable/store_key': operator(
    'This store is signed by another key.',
    'Copy `keys/signing.key` from the data directory of a machine that works on this store into yours; nothing was changed.',
  ),
  'unavailable/store_failed': operator(
    'The store could not be read or written.',
    'Look at the cause that is named; the run continues with `vltair resume`.',
    true,
  ),
  'invalid_argument/search': caller('The search is not understood.', 'Correct the field that is named.'),
  'filters_invalid/filter': caller('The filter is not understood.', 'Correct the place that is named.'),
  'invalid_argument/database_store': caller(
    'This works on a store in a file, and the store is in a database.',
    'Use the tools of the database, as docs/operations.md says; without DATABASE_URL the store in the data directory is meant.',
  ),
  'unavailable/index_behind': operator(
    'The index has not reached the position that the search asks at.',
    'Search again, or without a position.',
    true,
  ),
  'unavailable/lease_lost': operator(
    'The lease of this worker on the shared store ran out.',
    'Nothing: other workers take its runs over, and it goes on under a new lease. If it happens often, the machine stands still or the database answers slowly.',
    true,
  ),
  'unavailable/run_held': operator(
    'Another worker works on the run.',
    'Nothing: that worker continues it; put commands to it as usual.',
    true,
  ),
  'unavailable/fenced': operator('Another worker has taken the run over.', 'Nothing: the other worker continues it.'),
  'unavailable/git': operator('git is missing or failed.', 'Install git 2.30 or later.'),
  'unavailable/sandbox_denied': operator(
    'The sandbox cannot enforce what was asked for.',
    'Run `vltair doctor` for what to install, or use --sandbox best-effort.',
  ),
  'unavailable/other_version': operator(
    'The run is pinned to other agents than the ones installed.',
    'Install the version that began it, or move it with `vltair migrate`; `vltair cancel` ends it, `vltair fix --new` leaves it.',
  ),
  'unavailable/newer_run': operator(
    'The run behaves in a way that this version does not know.',
    'Continue it with the version that began it, or a later one; nothing was changed.',
  ),
  'unavailable/embedder': operator(
    'The embedding endpoint did not answer.',
    'Start it, or correct its base URL; what was embedded before is not embedded again.',
    true,
  ),
  'unavailable/shutting_down': operator('The process is shutting down.', 'Run `vltair resume` later.', true),
  'payload_too_large/envelope': caller('The message is too large.', 'Keep it below the limit that is named.'),
  'payload_too_large/text': caller(
    'The text is too large to be compared line by line.',
    'Split it below the limit that is named, or take one side as a whole.',
  ),
  'payload_too_large/response': work('The answer is too large.', 'Ask for less, or raise the maxBytes of the request.'),
  'deadline_exceeded/node': work('A node did not end before its deadline.', 'Raise the timeout of the node.'),
  'deadline_exceeded/approval': work(
    'Nobody answered the approval before it expired.',
    'Start the run again, or allow more time.',
  ),
  'deadline_exceeded/signal': work('The signal did not come in time.', 'Send it earlier, or allow more time.'),
  'deadline_exceeded/run': work('The run did not end before its deadline.', 'Raise --timeout.'),
  'resource_exhausted/visits': work(
    'A loop of the workflow has used all of its visits.',
    'Read the last visit with `vltair show`; raise maxVisits if more would help.',
  ),
  'resource_exhausted/nodes': work('The run would have more nodes than it may.', 'Raise maxNodes, or map over less.'),
  'resource_exhausted/depth': work('Subruns are nested too deeply.', 'Let the workflow end instead of running itself.'),
  'resource_exhausted/mailbox': caller(
    'The run has too many messages that nobody has taken.',
    'Wait until its nodes have taken some.',
  ),
  'resource_exhausted/memory': work('A command used more memory than it may.', 'Raise the memory limit.'),
  'resource_exhausted/processes': work('A command started more processes than it may.', 'Let it do less at a time.'),
  'queue_full/scheduler': {
    ...operator('The queue is full.', 'Try again when runs have ended, or raise SCHEDULER_MAX_QUEUE.'),
    retryable: true,
  },
  'transient/agent': { ...work('An agent failed for a moment.', 'It is tried again.'), retryable: true },
  'fatal/agent': work('An agent failed for good.', 'Read the cause with `vltair show`.'),
  'fatal/embedder': operator(
    'The embedding endpoint does not do what was asked for.',
    'Correct the key, the model or the dimension; what the endpoint answered is named.',
  ),
  'fatal/diverged': {
    ...us('An agent asked for another call under the key of a recorded one.'),
    exitCode: exitCodes.waiting,
  },
  'fatal/tree_conflict': work(
    'The workspace was changed in two places at once.',
    'Let the nodes that change it follow each other with needs; give a map of them concurrency: 1.',
  ),
  'fatal/compensation': work(
    'What the run had done could not be undone in full.',
    'Read with `vltair show` what is left, and undo it by hand.',
  ),
  'fatal/parked': {
    ...operator(
      'It is not known whether an effect happened.',
      'Check the world, then `vltair resume ID --parked retry` or `--parked fail`.',
    ),
    exitCode: exitCodes.waiting,
  },
  'budget_exceeded/node': work('The budget of the node is spent.', 'Raise the budget of the node.'),
  'budget_exceeded/run': work(
    'The budget of the run does not cover the next call.',
    'Raise the limit that is named and start again, or go on with `vltair retry ID --grant JSON`.',
  ),
  'cancelled/run': {
    ...work('The run was cancelled.', 'Start it again if it is still wanted.'),
    exitCode: exitCodes.failed,
  },
  'cancelled/interrupted': {
    ...work('The command was interrupted; the run is kept.', 'Run the same command again to go on.'),
    exitCode: exitCodes.interrupted,
  },
} as const satisfies Readonly<Record<`${ErrorCode}/${string}`, CatalogueEntry>>;

export type ErrorReason = keyof typeof errorCatalogue;

export function isErrorReason(text: string): text is ErrorReason {
  return Object.hasOwn(errorCatalogue, text);
}

export function codeOf(reason: ErrorReason): ErrorCode {
  const code = errorCodes.find((candidate) => reason.startsWith(`${candidate}/`));
  if (code === undefined) throw new TypeError(`the reason ${reason} has no code`);
  return code;
}

export interface FailureDetail {
  /** What exactly, for this case: a name, a value, a limit. Never a secret. */
  readonly detail?: string;
  /** Where: a file with line and column, an option, a field path, a seq. */
  readonly where?: string;
  readonly cause?: unknown;
}

/** What is stored in events and envelopes of a failure: plain data. */
export interface Failure {
  readonly code: ErrorCode;
  readonly reason: ErrorReason;
  readonly message: string;
  readonly where?: string;
  readonly retryable: boolean;
}

/** A failure of the product, made from its catalogue entry. */
export class VltairError extends Error {
  override readonly name: string = 'VltairError';
  readonly reason: ErrorReason;
  readonly where: string | undefined;

  constructor(reason: ErrorReason, { detail, where, cause }: FailureDetail = {}) {
    super(sentence(errorCatalogue[reason].summary, detail), cause === undefined ? undefined : { cause });
    this.reason = reason;
    this.where = where;
  }

  get code(): ErrorCode {
    return codeOf(this.reason);
  }

  get entry(): CatalogueEntry {
    return errorCatalogue[this.reason];
  }
}

/** A call was refused because its reservation does not fit into the budget of the run, or of the node (`budget_exceeded/run`, `/node`). */
export class BudgetExceeded extends VltairError {
  override readonly name = 'BudgetExceeded';
  readonly dimension: string;
  readonly limit: number;
  readonly spent: number;
  readonly requested: number;

  constructor(budget: { dimension: string; limit: number; spent: number; requested: number; scope?: 'node' }) {
    super(budget.scope === 'node' ? 'budget_exceeded/node' : 'budget_exceeded/run', {
      detail: `${budget.dimension}: limit ${budget.limit}, spent or reserved ${budget.spent}, requested ${budget.requested}`,
    });
    this.dimension = budget.dimension;
    this.limit = budget.limit;
    this.spent = budget.spent;
    this.requested = budget.requested;
  }
}

/** The plain data of any thrown value. What is not from the catalogue becomes `internal/unexpected` with the class name and message. */
export function failureOf(error: unknown): Failure {
  if (error instanceof VltairError) return describe(error.reason, error.message, error.where);
  const text = error instanceof Error ? `${error.name}: ${error.message}` : textOf(error);
  return describe('internal/unexpected', sentence(errorCatalogue['internal/unexpected'].summary, text));
}

/** Also of what has no text of its own, such as an object without a prototype. */
function textOf(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return `a thrown ${typeof thrown}`; // why it has no text does not matter here: the failure is already unexpected
  }
}

/** A failure whose words may be stored and shown: without secrets. */
export function sanitizeFailure<T extends Failure>(from: T, settings: RedactionSettings = {}): T {
  const { message, where } = from;
  const clean = { ...from, message: sanitizeText(message, settings) };
  return where === undefined ? clean : { ...clean, where: sanitizeText(where, settings) };
}

/** The failure of a catalogue entry as plain data. */
export function failure(reason: ErrorReason, { detail, where }: Omit<FailureDetail, 'cause'> = {}): Failure {
  return describe(reason, sentence(errorCatalogue[reason].summary, detail), where);
}

function describe(reason: ErrorReason, message: string, where?: string): Failure {
  const { retryable } = errorCatalogue[reason];
  const common = { code: codeOf(reason), reason, message: message.toWellFormed(), retryable };
  return where === undefined ? common : { ...common, where: where.toWellFormed() };
}

function sentence(summary: string, detail: string | undefined): string {
  return detail === undefined || detail === '' ? summary : `${summary.replace(/\.$/, '')}: ${detail}`;
}
