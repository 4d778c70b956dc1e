import { errorCatalogue, VltairError, type ExitCode } from '@vltair/protocol';
import { openOutput, redactionOf } from './command-context.ts';
import type { Host } from './host.ts';
import type { Options } from './option-values.ts';
import { errorText, reportError } from './render/error-report.ts';

/** The one place where an error becomes words. Gives the exit code of its catalogue entry. */
export async function tellError(error: unknown, host: Host, options: Options): Promise<ExitCode> {
  const output = openOutput(host, options);
  const report = reportError(error, { environment: host.environment, redaction: redactionOf(host) });
  if (output.isJson) output.json({ ok: false, error: report });
  else host.stderr.write(errorText(report, output.paintMessage));
  return errorCatalogue[report.reason].exitCode;
}

/** What commander says of a command line, in the words of the catalogue. */
export function usageError(message: string): VltairError {
  return new VltairError('invalid_argument/usage', {
    detail: message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' '),
  });
}
