import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { errorCatalogue, exitCodes, VltairError, type ExitCode } from '@vltair/protocol';
import {
  checkBackup,
  findRun,
  fingerprintOf,
  readingStore,
  verifyExportedRun,
  verifyStoredRun,
  type Verification,
} from '@vltair/server';
import { storeOf, type CommandContext } from '../command-context.ts';
import { textOption, type Options } from '../option-values.ts';
import { readBytes } from '../read-bytes.ts';
import { backupLines } from '../render/backup-page.ts';
import type { Paint } from '../render/terminal-text.ts';

/** A file is checked against a pinned key, a backup against its manifest; a run where it is stored. */
export async function verify(
  context: CommandContext,
  [subject = '']: readonly string[],
  options: Options,
): Promise<ExitCode> {
  const { host, output } = context;
  const pinned = textOption(options, 'key');
  const path = resolve(host.directory, subject);
  const found = subject === '' ? undefined : statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory() === true) return await verifyBackup(context, path, pinned);
  const verdict =
    found !== undefined ? await verifyFile(context, subject, pinned) : await verifyRun(context, subject, pinned);
  if (output.isJson) output.json({ ok: verdict.kind === 'verified', subject, ...verdict });
  else output.text(verdictText(subject, verdict, output.paint));
  if (verdict.kind === 'verified') return exitCodes.done;
  return verdict.reason === 'invalid_argument/key_not_pinned' ? exitCodes.usage : exitCodes.failed;
}

/** Which key signed it is told; to have it be a certain one, that is pinned. */
async function verifyBackup({ output }: CommandContext, path: string, pinned: string | undefined): Promise<ExitCode> {
  const checked = await checkBackup(path);
  if (pinned !== undefined && pinned !== checked.fingerprint) {
    const detail = `${path} is signed by ${checked.fingerprint}, not ${pinned}`;
    throw new VltairError('invalid_argument/export_key', { detail, where: '--key' });
  }
  output.result({ ok: true, backup: path, ...checked }, () => backupLines(path, checked).join('\n'));
  return exitCodes.done;
}

async function verifyFile(context: CommandContext, file: string, pinned: string | undefined): Promise<Verification> {
  const bytes = await readBytes(context.host.directory, file);
  return verifyExportedRun(bytes, pinned ?? (await ownKey(context)));
}

/** Without --key an export has to be of this store. */
async function ownKey(context: CommandContext): Promise<string | undefined> {
  try {
    const key = await readingStore(storeOf(context), async (store) => fingerprintOf(store));
    if (key !== undefined) context.output.note(`no --key: checked against the key of this store, ${key}`);
    return key;
  } catch (error) {
    if (error instanceof VltairError && error.reason === 'not_found/store') return undefined;
    throw error;
  }
}

async function verifyRun(context: CommandContext, id: string, pinned: string | undefined): Promise<Verification> {
  return await readingStore(storeOf(context), async (store) => {
    const { run } = await findRun(store, id);
    // After a change of key, the keys of before and after are pinned together: --key OLD,NEW.
    return await verifyStoredRun(store, run, pinned?.split(','));
  });
}

function verdictText(subject: string, verdict: Verification, paint: Paint): string {
  if (verdict.kind === 'refused') {
    const { reason, place, detail } = verdict;
    return [
      `${paint('red', 'refused')}: ${subject}: ${place}: ${detail}`,
      `  reason: ${reason}: ${errorCatalogue[reason].summary}`,
      `  next: ${errorCatalogue[reason].next}`,
    ].join('\n');
  }
  const { run, count, status, head, fingerprint, purged } = verdict;
  return [
    `${paint('green', 'verified')}: ${run}: ${count} events, ${status}`,
    `  head ${head}`,
    `  signed by ${fingerprint ?? 'nobody'}`,
    ...(purged === 0 ? [] : [`  ${purged} payloads were purged; their digests hold`]),
  ].join('\n');
}
