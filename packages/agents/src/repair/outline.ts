/**
 * Named functions, methods and classes of a source, found by the shape of their first line and by indentation.
 *
 * No parser is used on purpose: localisation reads every file of a repository, also files that do not parse.
 */
import type { Language } from './language.ts';

/** One named definition; lines are 1-based and inclusive. */
export interface Definition {
  readonly name: string;
  readonly firstLine: number;
  readonly lastLine: number;
}

const scriptForms = [
  /^\s*(?:export\s+)?(?:default\s+)?(?:async\s+)?function\s*\*?\s*([\p{L}_$][\p{L}\p{N}_$]*)/u,
  /^\s*(?:export\s+)?(?:default\s+)?(?:abstract\s+)?class\s+([\p{L}_$][\p{L}\p{N}_$]*)/u,
  /^\s*(?:export\s+)?(?:const|let|var)\s+([\p{L}_$][\p{L}\p{N}_$]*)[^=]*=\s*(?:async\s*)?(?:function\b|\(|[\p{L}_$][\p{L}\p{N}_$]*\s*=>)/u,
  /^\s*(?:module\.)?exports\.([\p{L}_$][\p{L}\p{N}_$]*)\s*=\s*(?:async\s*)?(?:function\b|\(|[\p{L}_$][\p{L}\p{N}_$]*\s*=>)/u,
  /^\s*[\p{L}_$][\p{L}\p{N}_$.]*\.prototype\.([\p{L}_$][\p{L}\p{N}_$]*)\s*=\s*(?:async\s*)?function\b/u,
  /^\s+(?:(?:public|private|protected|static|async|override|readonly|get|set)\s+)*[*#]?([\p{L}_$][\p{L}\p{N}_$]*)\s*(?:<[^>]*>)?\([^;]*\{\s*$/u,
  /^\s*([\p{L}_$][\p{L}\p{N}_$]*)\s*:\s*(?:async\s*)?(?:function\b|\([^)]*\)\s*=>)/u,
];
const pythonForms = [/^\s*(?:async\s+)?def\s+([\p{L}_][\p{L}\p{N}_]*)/u, /^\s*class\s+([\p{L}_][\p{L}\p{N}_]*)/u];
const keywords = new Set(['if', 'for', 'while', 'switch', 'catch', 'with', 'function', 'return', 'do', 'else', 'try']);

/** The definitions of a source in order of their first line; nested ones overlap. */
export function outlineSource(source: string, language: Language): readonly Definition[] {
  const lines = source.split('\n');
  const forms = language === 'python' ? pythonForms : scriptForms;
  return lines.flatMap((line, index) => {
    const name = definedName(line, forms);
    return name === undefined ? [] : [{ name, firstLine: index + 1, lastLine: lastLineOf(lines, index) }];
  });
}

function definedName(line: string, forms: readonly RegExp[]): string | undefined {
  if (line.length > 500) return undefined;
  for (const form of forms) {
    const name = form.exec(line)?.[1];
    if (name !== undefined && !keywords.has(name)) return name;
  }
  return undefined;
}

/** The last line, 1-based, of what begins at an index: what is indented below it, and its closing bracket. */
export function lastLineOf(lines: readonly string[], first: number): number {
  const own = indentation(lines[first] ?? '');
  let last = first;
  for (let index = first + 1; index < lines.length; index += 1) {
    const line = lines[index] ?? '';
    if (line.trim() === '') continue;
    if (indentation(line) < own || (indentation(line) === own && !/^\s*[)\]}]/.test(line))) break;
    last = index;
    if (indentation(line) === own && /^\s*\}/.test(line)) break;
  }
  return last + 1;
}

function indentation(line: string): number {
  return line.length - line.trimStart().length;
}
