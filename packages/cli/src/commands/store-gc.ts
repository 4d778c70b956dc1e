import { exitCodes, type ExitCode } from '@vltair/protocol';
import { loadEngine, requireFileStore, type Collection } from '@vltair/server';
import { storeOf, type CommandContext } from '../command-context.ts';
import { durationOption, flagOption, type Options } from '../option-values.ts';
import { bytesText } from '../render/terminal-text.ts';

const GRACE_MS = 15 * 60_000;

export async function collectGarbage(
  context: CommandContext,
  _: readonly string[],
  options: Options,
): Promise<ExitCode> {
  const { host, output } = context;
  const isDryRun = flagOption(options, 'dryRun');
  const graceMs = durationOption(options, 'grace') ?? GRACE_MS;
  const { dataDirectory } = storeOf(context);
  requireFileStore(context.configuration, 'gc');
  const engine = await loadEngine();
  const found = await engine.collectGarbage({ dataDirectory, isDryRun, graceMs, now: host.now() });
  output.result({ ok: true, dryRun: isDryRun, ...found }, () => collectionText(found, isDryRun));
  return exitCodes.done;
}

function collectionText({ store, objects }: Collection, isDryRun: boolean): string {
  const verb = isDryRun ? 'would remove' : 'removed';
  const size =
    'bytesAfter' in store
      ? [
          `database: ${bytesText(store.bytesBefore)} before, ${bytesText(store.bytesAfter)} now`,
          ...(store.isWiped ? [] : ['a process reads an older state: the next gc wipes what was removed from its log']),
        ]
      : [];
  const files = objects.inUse
    ? 'workspace files: left alone, they were used a moment ago (--grace)'
    : `workspace files: ${verb} ${objects.objects} objects, ${bytesText(objects.bytes)}`;
  return [
    `${verb} ${store.snapshots} snapshots of finished runs, ${store.blobs} payloads, ${store.commands} old commands`,
    ...size,
    files,
  ].join('\n');
}
