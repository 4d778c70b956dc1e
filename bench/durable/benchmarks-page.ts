import { aboutRows, loadRows, machineLine, metricRows, otherRows, skippedSentences } from './result-table.ts';
import type { Result } from './result.ts';

/** The page of the documents that shows one measurement; generated, so that its figures are those of the file. */
export function benchmarksPage(result: Result): string {
  return [INTRODUCTION, method(result), loads(result), others(result), gate()].join('\n\n');
}

const INTRODUCTION = `# Benchmarks of the durable core

What it costs to make five steps durable, here and in the engines that people would take instead. This page, its picture
and the baseline of the regression gate are written from one measurement:

\`\`\`sh
npm run bench:peers
npm run bench:page -- --baseline
\`\`\`

![Throughput and latency of five durable steps, by engine and number in flight](benchmarks.svg)`;

function method(result: Result): string {
  const { rounds, secondsEach } = result.settings;
  return `## What is measured

One workflow is five steps, one after the other. A step waits for one turn of the event loop and gives a small object, so that
only what makes it durable is measured. Each engine is a process of its own that runs a closed loop: so many callers, each
of whom begins the next workflow when the one before has ended. Latency is what a caller sees, from the start of a workflow
until he knows its end.

VLTAIR runs with everything on: each step makes one call through \`context.effect\` with the policy \`once\`, so that its
intent is on the disk before the call and its result before it is used; every event is in the run's hash chain, every group
commit is signed, calls and tokens are reserved from the run's budget. After each load one run is verified, chain and
signatures, and its timings, tokens and budget are kept in the JSON.

${rounds} rounds; in each, every load of every engine runs once for ${secondsEach} s, one after the other, so that what else goes on on the
machine falls on all alike. The tables show the median over the rounds, and the least and the most. Before each load a control runs:
a fixed piece of work (a hundred texts made, read and hashed, one write, one fsync), which says how fast the machine was at that time.

This measurement: ${machineLine(result)}.`;
}

function loads(result: Result): string {
  return `## Five durable steps

${table(['in flight', 'engine', 'workflows/s', 'p50 ms', 'p99 ms', 'p99.9 ms'], loadRows(result))}

Who calls fsync, and what shares the processors with the engine. The bench itself waits meanwhile.

${table(['engine', 'version', 'store', 'fsync', 'works on the processors', 'at a time'], aboutRows(result))}

${skipped(result)}vltair-postgres and DBOS have their databases on one server, each a new one, and vltair-postgres is held against DBOS alone.
Where no server answers, the bench says so and leaves both out.

Each is set up as its own documents say, with its own limit of concurrency. Mastra syncs no step to the disk, so that it is shown but held
against nobody. LangGraph.js is 1.4.9 because a dependency of 1.7.3 cannot be installed; its saver runs on a better-sqlite3 that
brings its own binary, with \`synchronous=FULL\` in place of the \`NORMAL\` that better-sqlite3 is built with.`;
}

function skipped(result: Result): string {
  return skippedSentences(result)
    .map((sentence) => `${sentence}.\n\n`)
    .join('');
}

function others(result: Result): string {
  return `## The rest

${table(['metric', 'of', 'in flight', 'value', 'unit'], otherRows(result))}

- **recovery_of_1000_runs**: a process begins 1,000 runs whose third step waits inside its call, and is killed with SIGKILL. The
  next one opens the store and takes over every unfinished run. The time ends when all of them are inside that call again,
  each claimed in the log under the new epoch. \`restart_to_recovery\` begins with the start of the process.
- **takeover_of_50_runs**: two \`vltair work\` processes have one store, and 50 runs wait inside a call in the one, which is killed
  with SIGKILL. The time ends when the log holds the claim of the other one on each of them. It is measured by hand:
  \`node bench/durable/measure-takeover.ts --store postgres\`, or \`sqlite\`, where the second worker stands by.
- **memory_per_1000_runs**, **heap_per_1000_runs**: what these 1,000 runs add to the resident memory and to the heap of
  the process before it is killed, after 3,000 whole runs, when its pools have the size that work gives them, and with the garbage collected before and after.
- **cpu_per_workflow**: user and system time of the process of the contender; what a server beside it takes is not in it.
- **event_loop_delay_p999**: what 99.9 % of looks at the event loop, one in each millisecond, found it late by at most, less
  the same of an idle process at the same time.

## Every metric

${table(['metric', 'unit', 'better', 'gate', 'meaning'], metricRows())}`;
}

function gate(): string {
  return `## The regression gate

\`\`\`sh
npm run bench
npm run bench:check -- --current bench/results/latest.json --threshold 0.05 --diff bench/results/diff.json
\`\`\`

compares the gated metrics with \`bench/baseline.json\` and fails when one is more than 5 % worse. A rate is compared in pieces of
the control, a time in how many pieces it would have taken, so that a slower machine changes nothing; counts and bytes are compared
as they are. The control did the same work in every round: what half of its rounds differ by from their median is noise, and by that
share a metric that depends on the machine may be worse without meaning anything; the gate allows it on top, and says how much that is.
The time of processors for a workflow is compared with that of the control, which others on the machine hardly change: it tells
a slower program from a busy machine. A metric of the baseline that is measured no more fails, also when the bench left its contender
out: the command says why it did.
\`bench/bench_check.ts\` is the command behind it; it exits with 1 when something is worse and with 2 when the files cannot
be compared. A metric that is not in the registry, or has another unit than \`ms\`, \`bytes\` or \`count\` as it says, is refused.
`;
}

function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(heading), line(heading.map(() => '---')), ...rows.map(line)].join('\n');
}
