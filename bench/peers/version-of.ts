import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The version of a peer that is installed. */
export function versionOf(name: string): string {
  const manifest: unknown = JSON.parse(
    readFileSync(join(import.meta.dirname, 'node_modules', name, 'package.json'), 'utf8'),
  );
  if (typeof manifest === 'object' && manifest !== null && 'version' in manifest) return String(manifest.version);
  throw new RangeError(`${name} has no version`);
}
