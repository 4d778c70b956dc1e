/** The one door to the parsers: a source and its language become a neutral tree, or a typed reason why not. */
import type { Language } from '../language.ts';
import { parseScript } from './javascript.ts';
import type { ParseOutcome } from './parsed-source.ts';
import { parsePython } from './python.ts';

/**
 * Parses one source.
 *
 * @throws PythonParserUnavailable when the Python grammar cannot be loaded on this machine.
 */
export function parseSource(source: string, language: Language): ParseOutcome {
  return language === 'python' ? parsePython(source) : parseScript(source, language);
}
