// What this repository claims to do, by catalogue id (docs/requirements.json), one line of behaviour per claim. A claim
// stands here once a test cites its id with `verifies(id)`; the coverage gate holds both directions.

export interface Claim {
  readonly id: string;
  readonly behaviour: string;
}

const claims: Claim[] = [];

// --- messages, errors, ids
claim(
  'V-01',
  'the three envelopes carry type, id and protocolVersion 1; another shape is invalid_argument, naming the field',
);
claim('V-01', 'another protocol version is refused as such');
claim('V-02', 'a task may name no agent and may carry a time limit; any other shape is refused, naming the field');
claim('V-02', 'validators are found by agent and action; a task that its agent cannot take is never begun');
claim('V-02', 'what an agent is asked for is checked against the schema of its action before anything is done');
claim('V-03', 'a result is checked against its schema before anything is applied');
claim('V-03', 'a result carries a document change, artifacts of known kinds and new tasks; any other shape is refused');
claim('V-04', 'one factory makes error envelopes: equal input gives equal bytes');
claim('V-04', 'message and diagnostics of an error envelope are redacted; one without a trace id is refused');
claim('V-04', 'whatever an agent throws becomes an error envelope of the catalogue');
claim('V-05', 'codes are a closed list; an error of another code or reason is refused');
claim('V-05', 'every entry says whose fault it is, whether a retry helps, the exit code and the next step');
claim('V-05', 'docs/errors.md is the error catalogue');
claim('V-06', 'keys are sorted, texts are raw UTF-8, nothing is blank');
claim('V-06', 'equal values have one text, whatever the order of their members');
claim('V-07', 'a document id is BLAKE2s-128 of its content key, in hex');
claim('V-08', 'a trace id is a W3C trace id, random or given by a traceparent; a malformed one gives none');
claim('V-08', 'a request hash is the start of SHA-1 over method, path and body, for gRPC over method and bytes');
claim('V-10', 'key shapes, random tokens, addresses and the values of secret names become <<REDACTED>>');
claim('V-10', 'prefixes that the operator names are secrets too; texts named for a kind of artifact are hidden whole');
claim('V-10', 'what tests print and agents say reaches the log, an export, an error and a screen without its secrets');
claim('V-10', 'code is stored, exported and applied as it is; a page that hides a part of a diff says so');
claim('V-10', 'digests, ids and code are not altered; redaction done twice changes nothing more');
claim('OC-2', 'one table says which failures are tried again; every reason has its place in it');
claim('OC-2', 'a failure that the table calls final ends its node');

// --- the machine
claim('OC-3', 'every attempt is recorded with when it was scheduled, when it ended and how');
claim('OC-3', 'every effect of an attempt has a key that stays the same over attempts');
claim('OC-4', 'needs that form a circle and edges to unknown nodes fail before anything runs, naming the nodes');
claim('OC-4', 'a route may lead back only to a node that dominates it');
claim('OC-7', 'a retryable failure is tried again after 1, 2, 4 ... and at most 60 s');
claim('OC-7', 'validation and final failures are never tried again');
claim('OC-6', 'steps, retries and durations of steps are counted by runtime and store, without a label per run');
claim('OC-16', 'a start beyond SCHEDULER_MAX_QUEUE is refused with queue_full, or with drop_oldest ends the oldest');
claim('OC-16', 'what was refused and what was dropped is counted in vltair queue --json');
claim('OC-9', 'nodes have one order: after all that lead to them, ties as defined');
claim('OC-9', 'a graph with a circle or an unknown node is refused');
claim(
  'OC-5',
  'the log tells the budget after every reservation, settlement and refusal; nobody writes it from outside',
);
claim('OC-17', 'a cancelled branch moves its nodes to cancelled and is in the log; the rest of the run goes on');
claim('OC-17', 'a rollback takes a run back to how it stood after an event; the replay gives the same states');
claim('BM-1', 'every change of a budget is in the log: opened, reserved, settled, exceeded');
claim('BM-3', 'budget show prints limits, reservations and what was spent, with the last changes on request');
claim('BM-4', 'tokens of models and tools are counted from real usage, limited, and never negative or fractional');
claim('BM-5', 'a budget history is frozen, in order, and never longer than asked for; the oldest falls out first');
claim('BM-6', 'snapshots of a budget have one order of members');
claim('H-08', 'a workflow is a graph of symbolic ids; an unknown one and a cycle are refused, with line and column');
claim('H-13', 'the record of a run holds its status, times, what every node did, its output and its failure');
claim('XB-2', '--replay rebuilds a run from its log with no call; verified replay makes no other decision');
claim(
  'H-09',
  'templates resolve from finished nodes and keep their type; one that does not resolve fails its node by name',
);
claim(
  'H-10',
  'independent nodes run in parallel, dependent ones in sequence; a node starts when all its inputs are done',
);
claim(
  'H-11',
  'a node with an approval waits for it; a rejection ends the run without running it; a second answer is refused',
);
claim('H-11', 'how long an answer took is told');
claim('H-12', 'only a failed run is tried again, from what failed; how often is recorded');
claim('OC-10', 'transient is tried again, fatal is dropped, every attempt is recorded');
claim('OC-14', 'a log folds to the same state and decisions, whole or cut after any fact, without a call outside');
claim('OC-14', 'replay at a seq or time gives the ready, running and completed sets of that moment');
claim('OC-14', "a recorded decision that today's code would not make is reported");
claim('OC-14', 'runs that earlier versions recorded verify, are read, and replay to the same decisions');
claim('OC-15', 'a recorded effect answers from the ledger instead of running again, and the reuse is recorded');
claim('OC-15', 'an effect that nobody knows to have happened runs again only when that is safe; else it is parked');
claim('V-12', 'a task goes to the agent that it names; an unknown one is not found');
claim('V-12', 'a task that names none goes to the least busy agent');
claim('V-14', 'one absolute deadline holds over all attempts of a visit');
claim('V-14', 'an attempt that outlives the deadline is stopped once and not tried again');
claim(
  'V-17',
  'a call that does not fit the budget of time, calls or candidates does not start and says what was short',
);
claim('V-17', 'every reservation is settled once; an overrun is recorded and blocks the next call');
claim('V-39', 'a red test run is a signal that routes; a loop that has no visits left is a structured failure');
claim('V-39', 'with one visit it is one iteration: a suite that is still red is a structured failure');
claim(
  'V-39',
  'workflows/fix-failing.yaml plans test-exec, debug, codegen, test-exec; what cannot be repaired fails with a reason',
);
claim('V-56', 'one module reads every variable; what is unset or empty takes its default');
claim('V-56', 'a bad value is refused, naming the variable and what it may hold');
claim('V-56', 'docs/configuration.md lists every variable, and no other');

// --- the log
claim('CE-1', 'damage to the stored log is found before an altered event is read');
claim('CE-1', 'a failed commit leaves nothing of its group behind');
claim('CE-1', 'a snapshot that is not what was saved is ignored');
claim('CE-1', 'a newer schema and a file that is no store are refused, and nothing changes');
claim('OC-1', 'a snapshot of the state and a fresh fold of the log go on with the same work');
claim('OC-1', 'a newer schema is refused; a forged checkpoint is ignored');
claim('OC-11', 'one process owns a store; a second owner is refused, naming it');
claim('OC-12', 'accepted tasks and applied results are appended to the log');
claim('OC-12', 'a snapshot is kept with the hash of the event that it was made at');
claim('SP-9', 'every event is chained by the hash of the one before; a changed, missing or moved one is found');
claim('SP-9', 'header, payload digest and hash of the frozen vectors are as frozen');
claim('SP-9', 'who cannot sign cannot rewrite the log, in the store or in an export');
claim('V-18', 'the exported log is one canonical line per event, with seq and ts, in a frozen order of fields');
claim('V-18', 'a run replays from its events');
claim('V-18', 'accepted tasks, applied results and cancels are events');
claim('V-19', 'a torn export is refused with its line; its tail is dropped only on request');
claim('V-19', 'earlier damage is refused with its position, whatever the options');
claim('V-19', 'a gap in seq is refused');

// --- the sandbox
claim('V-25', 'a result says status, exit code and reason; a timeout is 124, a failure of the sandbox itself 1');
claim('V-25', 'output is capped');
claim('V-25', 'a result sums up what was asked for, what held, and why');
claim('V-26', 'a wall timeout is TIMEOUT, 124, whatever the exit code; a command that ended by itself keeps its own');
claim('V-26', 'SIGXCPU under a processor limit is a timeout');
claim('V-28', 'with VLTAIR_CI_DIAG start, end and exception go to a JSONL file, else nothing');
claim('V-28', 'under GITHUB_ACTIONS one [ci-diag] line on stderr carries the verdict, no argument, output or variable');
claim('V-29', 'the network is off unless asked for, and the result says what was requested and applied');
claim('V-29', 'strict mode refuses a missing mechanism before spawning, naming it');
claim(
  'V-30',
  'what is over the cap is drained and counted without taking memory; a cut is the same wherever chunks end',
);
claim('AR-1', 'coverage variables of the caller reach the tests, unless we measure ourselves');
claim('AR-2', 'output above the cap ends in [TRUNCATED at N bytes]');
claim('AR-3', 'a timeout says how long terminate, wait and kill took, their bound, and what was killed');
claim('AR-4', 'control group detection says whether and why');
claim(
  'AR-5',
  'a bench prints what each tier adds to a command as JSON, paired medians, and fails above its goal of 15 ms',
);
claim('AR-6', 'COVERAGE_PROCESS_START, COVERAGE_RCFILE and COVERAGE_FILE reach the command');
claim(
  'AR-9',
  'control groups of version 2 are reported as detected and applied, with the reason, when they are asked for',
);
claim(
  'AR-10',
  'a memory limit that is broken is MEM_LIMIT with its reason, from a counter and never from exit code 137',
);
claim('AR-11', 'invalid UTF-8 becomes replacement characters; the marker is still there');
claim(
  'AR-12',
  'strict refuses before spawning with SANDBOX_DENIED; a mechanism that fails while being set up is INTERNAL_ERROR',
);
claim('AR-13', 'combined output starts with [sandbox] traceId=... duration_ms=...');
claim('AR-14', 'durations come from a monotonic clock; setting the time of day changes none');
claim('AR-15', 'a cut never splits a code point, and N is exact');
claim('AR-16', 'no process survives the end, the cancellation or the timeout of its command');
claim('AR-16', 'no process survives a SIGKILL of the product');
claim('AR-17', 'a temporary directory is named vltair-<traceId>-<n>');
claim('AR-17', 'temporary directories are removed after success and failure; those of dead owners at the next start');
claim('AR-17', 'those of living owners never are; doctor tells of those whose owner nobody can judge');
claim('SP-4', 'a connection to the outside fails unless the network was asked for');
claim('SP-11', 'dangerous calls are answered EPERM; with killing switched on, a socket is SANDBOX_DENIED');
claim('SP-13', 'a command gets no variable of ours; refusals and diagnostics show no value of its own');
claim('SP-13', 'what an agent throws is redacted');

// --- the agents
claim('V-31', 'create and modify propose the whole content of a file, which has to parse');
claim('V-31', 'an unknown action and a missing target are refused');
claim('V-31', 'a repair is the smallest edit that passes everything');
claim('V-33', 'a green suite gives a result, a red one of a bare task the error test_failed');
claim('V-33', 'a suite that hangs is a timeout');
claim('V-33', 'a suite that deletes its own tree is told as that, with what it deleted and what failed until then');
claim('V-33', 'bad arguments are invalid_argument, naming the field');
claim('V-33', 'diagnostics are redacted');
claim('V-33', 'the name of a run comes from its sorted inputs');
claim('V-35', 'lines are ranked from what failing and passing tests ran; tests are never suspects');
claim('V-35', 'frames of the repository outside tests come first');
claim('V-35', 'what the failure usually means is told in a fixed order; one analysis and one CodeGen task come of it');
claim('V-35', 'an error log is enough, and one or the other is needed');
claim('V-35', 'the CodeGen task that comes of it runs as it stands and repairs');

// --- the context engine
claim('CE-5', 'a vector is a Float32Array or a list of numbers, becomes 32-bit floats, and is always copied');
claim('CE-5', 'another type, length or element, and a zero vector, are refused with one fixed sentence each');
claim('CE-7', 'equal scores are ordered by id, also where the cut falls between them');
claim('CE-8', 'a search whose k, rrfK, weights or members of a list are not allowed is refused, naming the field');
claim('CE-8', 'a valid search stands as it is given');
claim('CE-9', 'equal filters have one text, in whatever order and form they are written');
claim('CE-13', 'without an endpoint texts are embedded offline; the same seed gives the same vectors, bit by bit');
claim('S-36', 'embeddings come from any OpenAI-compatible endpoint that is named; what it answers is checked');

// --- two stores
claim('H-14', 'DATABASE_URL names a PostgreSQL store, made by migration; one that cannot be reached is refused');
claim('H-14', 'without DATABASE_URL the store is a file of the data directory');
claim('H-28', 'where the store is comes from the environment; a bad address is refused without showing its password');
claim('S-53', 'runs, their history and their snapshots are kept in SQLite by default, in PostgreSQL when it is named');
claim('S-53', 'a store moves from the one into the other with every run, verified, and goes on there');

// --- the repository
claim('V-58', 'a test run fails below 85 % coverage of the packages; exclusions are listed with path and reason');
claim('V-71', 'coverage floors are 85 % overall, 90 % for core, 80 % for the changed lines of a branch');
claim('CI-1', 'a warning during the tests fails the run');
claim('CI-3', 'the baseline of the benches is kept, and bench_check writes what differs from it to a file');
claim('CI-7', 'bench_check fails when any gated metric is more than the threshold worse than the baseline, or missing');
claim('V-62', 'a metric may be 5 % worse than its baseline, and no more, in terms of the control that ran beside it');
claim('OB-16', 'every metric has an entry with a unit of ms, bytes or count; another name or unit is refused');
claim('H-37', 'the bench records timings, tokens and the budget of a workflow from end to end');
claim('CI-4', 'type-aware lint and the strict compiler cover sources, command line, sandbox, tools and tests');
claim('CI-11', 'core stays at or above 90 % coverage on its own');
claim(
  'HARD-02',
  'the lockfile agrees with the manifests, carries an integrity hash for every package, names no registry',
);
claim('HARD-02', 'docs/AIRGAP_INSTALL.md covers an internal mirror and an install without network');
claim('HARD-03', 'type errors fail; every suppression carries rule and reason');
claim('HARD-04', 'a catch that swallows a failure without words fails; narrow catches pass');
claim('PR-3', 'one licence: the LICENSE file and every manifest say Apache-2.0');
claim('XB-4', 'decisions are indexed; every claim has a test, every cited id is claimed and in the catalogue');

claim('V-13', 'jobs begin by due time, equal ones first-in first-out');
claim('V-13', 'the scheduler waits on one timer for what is due next and never polls');
claim('V-13', 'metrics are {queued, workers, stopped}');
claim('OC-8', 'with one worker jobs run one after the other in their order');
claim('OC-8', 'jobs due at the same time begin first-in first-out');
claim('AR-14', 'somebody who sets the wall clock moves no duration and no deadline');
claim('V-47', 'a task from a file or stdin is checked and run as a workflow of one node');
claim('V-47', 'a refusal prints {ok:false, traceId, error}');
claim('V-47', 'text that is no JSON gets an error envelope of protocol 1');
claim('V-48', 'status tells agents and effective redaction settings');
claim('V-48', 'queue prints {ok, queued, workers, stopped}');
claim('V-52', 'replay answers to --run-id and to the global --replay');

export const CLAIMS: readonly Claim[] = claims;

const ids = new Set(claims.map(({ id }) => id));

export function isClaimed(id: string): boolean {
  return ids.has(id);
}

function claim(id: string, behaviour: string): void {
  claims.push({ id, behaviour });
}
