import { VltairError } from '@vltair/protocol';

/** @throws VltairError `invalid_argument/json` naming line and column where they can be told. */
export function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new VltairError('invalid_argument/json', {
      detail: message,
      where: `${name}${placeOf(text, message)}`,
      cause: error,
    });
  }
}

function placeOf(text: string, message: string): string {
  const position = /at position (\d+)/.exec(message)?.[1];
  const offset = position === undefined ? text.length : Number(position);
  const before = text.slice(0, offset).split('\n');
  return `:${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
}
