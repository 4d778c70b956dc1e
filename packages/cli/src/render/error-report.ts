import {
  errorCatalogue,
  failureOf,
  REDACTED,
  sanitizeText,
  type ErrorReason,
  type RedactionSettings,
} from '@vltair/protocol';
import { oneLine, type Paint } from './terminal-text.ts';

/** A failure as a command tells it. */
export interface ErrorReport {
  readonly code: string;
  readonly reason: ErrorReason;
  readonly message: string;
  readonly where?: string;
  readonly fault: string;
  readonly retryable: boolean;
  readonly next: string;
}

export interface ErrorSettings {
  readonly redaction: RedactionSettings;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** What a person is told of anything that was thrown. Holds no secret, and of an unexpected error no value of the environment. */
export function reportError(error: unknown, settings: ErrorSettings): ErrorReport {
  const { code, reason, message, where } = failureOf(error);
  const { fault, retryable, next } = errorCatalogue[reason];
  const clean = (text: string): string => hideSecrets(text, settings, fault === 'us');
  return {
    code,
    reason,
    message: clean(message),
    ...(where === undefined ? {} : { where: clean(where) }),
    fault,
    retryable,
    next,
  };
}

export function errorText({ reason, message, where, next }: ErrorReport, paint: Paint): string {
  const lines = [`${paint('red', `error[${reason}]`)}: ${oneLine(message)}`];
  if (where !== undefined && !message.includes(where)) lines.push(`  where: ${oneLine(where)}`);
  lines.push(`  next: ${next}`);
  return `${lines.join('\n')}\n`;
}

/** Names of variables that hold secrets. */
const SECRET_NAME = /token|secret|passw|passphrase|credential|auth|api_?key|private|_key$|^key$/i;
/** Shorter values are words, not secrets; hiding them would garble every message. */
const SHORTEST_SECRET = 6;

/**
 * Patterns find secrets that look like one; the values of variables named like a secret are hidden whatever they look
 * like, and on the path of a crash, where nobody has chosen the words, every value of the environment.
 */
function hideSecrets(text: string, { redaction, environment }: ErrorSettings, isCrash: boolean): string {
  const values = Object.entries(environment)
    .filter(([name]) => isCrash || SECRET_NAME.test(name))
    .flatMap(([, value]) => (value !== undefined && value.length >= SHORTEST_SECRET ? [value] : []))
    .toSorted((left, right) => right.length - left.length);
  const hidden = values.reduce((result, value) => result.replaceAll(value, REDACTED), text);
  return sanitizeText(hidden, redaction);
}
