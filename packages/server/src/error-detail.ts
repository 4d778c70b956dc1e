import { errorCatalogue, type ErrorReason } from '@vltair/protocol';

/** What a failure's message says beyond the catalogue's sentence, from which the message can be made again. */
export function detailIn(reason: ErrorReason, message: string): { readonly detail?: string } {
  const prefix = `${errorCatalogue[reason].summary.replace(/\.$/, '')}: `;
  return message.startsWith(prefix) ? { detail: message.slice(prefix.length) } : {};
}
