/** The languages that the repair engine reads. JSX is accepted in `javascript`; TypeScript keeps its two dialects apart. */
export type Language = 'javascript' | 'typescript' | 'tsx' | 'python';

const languages: readonly (readonly [RegExp, Language])[] = [
  [/\.d\.[mc]?ts$/i, 'typescript'],
  [/\.[mc]?jsx?$/i, 'javascript'],
  [/\.[mc]?ts$/i, 'typescript'],
  [/\.tsx$/i, 'tsx'],
  [/\.pyi?$/i, 'python'],
];

/** The language of a file by its name; `undefined` when the engine cannot repair it. */
export function languageOf(path: string): Language | undefined {
  return languages.find(([pattern]) => pattern.test(path))?.[1];
}

/** Whether the engine reads the file at all. */
export function isSourceFile(path: string): boolean {
  return languageOf(path) !== undefined;
}
