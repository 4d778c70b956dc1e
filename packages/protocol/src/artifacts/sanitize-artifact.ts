import { REDACTED, sanitizeText, type RedactionSettings } from '../secrets.ts';
import type { Artifact } from './artifact.ts';

/**
 * Of each kind of artifact the fields that hold what a program printed or what is written for people, at whatever depth
 * they stand. Everything else is code, an id, a path or a number, which later steps work with: it is never altered.
 */
export const artifactTexts = {
  code: [],
  text: ['title', 'text'],
  analysis: ['summary', 'details', 'message', 'suggestion'],
  diff_summary: [],
  test_result: ['reason', 'message', 'expected', 'actual', 'log'],
  coverage_hint: [],
} as const satisfies Readonly<Record<Artifact['kind'], readonly string[]>>;

/**
 * An artifact as it may be stored and shown: its texts without secrets, those that the settings name for its kind hidden
 * whole. The same artifact and settings give the same result; doing it twice changes nothing more.
 */
export function sanitizeArtifact<T extends Artifact>(artifact: T, settings: RedactionSettings = {}): T {
  const texts: ReadonlySet<string> = new Set(artifactTexts[artifact.kind]);
  const hidden = new Set(settings.fields?.[artifact.kind] ?? []);
  const clean = (key: string, text: string): string => {
    if (!texts.has(key)) return text;
    return hidden.has(key) ? REDACTED : sanitizeText(text, settings);
  };
  return mapTexts(artifact, clean) as T;
}

function mapTexts(value: unknown, change: (key: string, text: string) => string): unknown {
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key,
      typeof member === 'string' ? change(key, member) : mapTexts(member, change),
    ]),
  );
}
