import { languageOf } from './language.ts';
import { parseSource } from './syntax/parse-source.ts';

/** Why a content does not parse in the language of its path; `undefined` when it does, or when the language is not read here. */
export function parseProblem(path: string, content: string): string | undefined {
  const language = languageOf(path);
  if (language === undefined) return undefined;
  const outcome = parseSource(content, language);
  return outcome.kind === 'syntax_error' ? outcome.detail : undefined;
}
