import { runCommandLine } from './command-line.ts';
import { handedOver, processHost } from './host.ts';

const INTERRUPTED = 130;
const SHOW_CURSOR = '\u001b[?25h';

const controller = new AbortController();
const host = processHost(controller.signal);

/** The first signal ends what is in flight, the second one this process at once. */
function interrupt(): void {
  if (controller.signal.aborted) {
    if (host.stderr.isTerminal) host.stderr.write(SHOW_CURSOR);
    process.exit(INTERRUPTED);
  }
  controller.abort();
}
process.on('SIGINT', interrupt);
process.on('SIGTERM', interrupt);

const code = await runCommandLine(process.argv.slice(2), host);
await Promise.all([handedOver(process.stdout), handedOver(process.stderr)]);
process.exit(code);
