/** A file that can be split. */
export interface SourceFile {
  readonly kind: 'file';
  /** Relative to the directory that was walked, with `/`. */
  readonly path: string;
  readonly text: string;
}

/** A file, or a directory with all that is in it, that was left out, and why. */
export interface SkippedSource {
  readonly kind: 'skipped';
  readonly path: string;
  readonly reason: SkipReason;
  /** What is known beyond the reason: a size, a code of the system, a line. Never content. */
  readonly detail?: string;
}

export type SourceEntry = SourceFile | SkippedSource;

export type SkipReason = keyof typeof SKIP_REASONS;

/** What each reason means, for people. */
export const SKIP_REASONS = {
  symlink_outside: 'a link that leads out of the directory',
  symlink_inside: 'a link to what stands under a path of its own',
  symlink_broken: 'a link that leads nowhere',
  special: 'neither a file nor a directory',
  too_large: 'larger than the limit',
  binary: 'no text',
  vanished: 'removed in the meantime',
  unreadable: 'cannot be read',
  secret: 'holds a secret',
} as const;

export function skipped(path: string, reason: SkipReason, detail?: string): SkippedSource {
  return detail === undefined ? { kind: 'skipped', path, reason } : { kind: 'skipped', path, reason, detail };
}
