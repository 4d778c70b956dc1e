import type { CheckedBackup } from '@vltair/server';
import { bytesText, oneLine } from './terminal-text.ts';

/** What a backup was found to hold. */
export function backupLines(path: string, { manifest, id, fingerprint }: CheckedBackup): readonly string[] {
  const { commits, runs, parts, createdTs } = manifest;
  const counts = Object.entries(runs).filter(([, count]) => count > 0);
  return [
    `verified: ${oneLine(path)}: ${commits.count} commits, ${commits.lastPosition} events, of ${new Date(createdTs).toISOString()}`,
    `  backup ${id}`,
    `  head ${commits.head}`,
    `  signed by ${fingerprint}`,
    `  runs: ${counts.length === 0 ? 'none' : counts.map(([status, count]) => `${count} ${status}`).join(', ')}`,
    `  holds ${parts.map(({ name, bytes }) => `${name} (${bytesText(bytes)})`).join(', ')}`,
  ];
}
