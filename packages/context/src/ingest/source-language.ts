/** How a source is split. What has no syntax of its own here is text. */
export type SourceLanguage = 'javascript' | 'typescript' | 'tsx' | 'python' | 'markdown' | 'text';

const LANGUAGES: readonly (readonly [RegExp, SourceLanguage])[] = [
  [/\.[mc]?jsx?$/i, 'javascript'],
  [/\.[mc]?ts$/i, 'typescript'],
  [/\.tsx$/i, 'tsx'],
  [/\.pyi?$/i, 'python'],
  [/\.(?:md|markdown)$/i, 'markdown'],
];

/** By the name of the file alone. */
export function languageOf(path: string): SourceLanguage {
  return LANGUAGES.find(([pattern]) => pattern.test(path))?.[1] ?? 'text';
}
