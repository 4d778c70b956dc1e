import { resolve } from 'node:path';
import { jsonObjectSchema, VltairError, type JsonObject } from '@vltair/protocol';
import type { CommandContext } from './command-context.ts';
import { parseJson } from './json-text.ts';
import { textOption, type Options } from './option-values.ts';
import { readBytes } from './read-bytes.ts';

/** An option that takes JSON, or `@file` with JSON. @throws VltairError `invalid_argument/json` */
export async function readJsonOption({ host }: CommandContext, options: Options, name: string): Promise<unknown> {
  const text = textOption(options, name);
  if (text === undefined) return undefined;
  const path = text.startsWith('@') ? resolve(host.directory, text.slice(1)) : undefined;
  if (path === undefined) return parseJson(text, `--${name}`);
  return parseJson(new TextDecoder().decode(await readBytes(host.directory, path)), path);
}

/** The same, where only an object will do. @throws VltairError `invalid_argument/usage` */
export async function readObjectOption(
  context: CommandContext,
  options: Options,
  name: string,
): Promise<JsonObject | undefined> {
  const value = await readJsonOption(context, options, name);
  if (value === undefined) return undefined;
  const parsed = jsonObjectSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new VltairError('invalid_argument/usage', { detail: `--${name} takes a JSON object`, where: `--${name}` });
}
