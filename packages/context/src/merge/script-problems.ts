import { parseSync, type ParserOptions } from 'oxc-parser';
import { nestingOf } from '../syntax/script-nesting.ts';

/** What is wrong with a whole source: it does not parse, or it parses and names in it clash, e.g. declared twice. */
export interface ScriptProblems {
  readonly kind: 'none' | 'does_not_parse' | 'clashes';
  readonly list: readonly ScriptProblem[];
}

interface ScriptProblem {
  readonly message: string;
  /** Where it is, in UTF-16 code units; for a clash, where the later of the two stands. */
  readonly offset: number;
}

type SourceType = 'module' | 'commonjs';

export interface ScriptDialect {
  readonly lang: NonNullable<ParserOptions['lang']>;
  /** What a file of this name may be; one that fits is enough. */
  readonly sourceTypes: readonly SourceType[];
}

/**
 * What is given to the parser. Its native code calls itself for each level of nesting, and where the stack ends, in a
 * worker thread at twice this depth, so does the process. Describing what is wrong takes it time that grows with the
 * number of problems times the length of the source, and text that grows with the length of its lines.
 */
export const PARSE_LIMITS = { characters: 100_000, lineLength: 2000, nesting: 2000 } as const;

const EITHER = ['module', 'commonjs'] as const;

const DIALECTS: Readonly<Record<string, ScriptDialect>> = {
  js: { lang: 'jsx', sourceTypes: EITHER },
  jsx: { lang: 'jsx', sourceTypes: EITHER },
  mjs: { lang: 'jsx', sourceTypes: ['module'] },
  cjs: { lang: 'jsx', sourceTypes: ['commonjs'] },
  ts: { lang: 'ts', sourceTypes: EITHER },
  tsx: { lang: 'tsx', sourceTypes: EITHER },
  mts: { lang: 'ts', sourceTypes: ['module'] },
  cts: { lang: 'ts', sourceTypes: ['commonjs'] },
};

/** By the end of the name alone, in any case; undefined for what is neither JavaScript nor TypeScript. */
export function scriptDialectOf(path: string): ScriptDialect | undefined {
  const [, declarations, extension = ''] = /(\.d)?\.([cm]?[jt]s|[jt]sx)$/.exec(path.toLowerCase()) ?? [];
  const dialect = DIALECTS[extension];
  return dialect?.lang === 'ts' && declarations !== undefined ? { ...dialect, lang: 'dts' } : dialect;
}

export function isWithinParseLimits(source: string): boolean {
  if (source.length > PARSE_LIMITS.characters) return false;
  const isShort = source.split('\n').every(({ length }) => length <= PARSE_LIMITS.lineLength);
  return isShort && nestingOf(source) <= PARSE_LIMITS.nesting;
}

/** Of a source {@link isWithinParseLimits}: as the kind of file that has the least wrong with it. */
export function scriptProblems(source: string, { lang, sourceTypes }: ScriptDialect): ScriptProblems {
  const found = sourceTypes.map((sourceType) => problemsAs(source, { lang, sourceType }));
  return (
    found.find(({ kind }) => kind === 'none') ??
    found.find(({ kind }) => kind === 'clashes') ??
    found[0] ?? { kind: 'none', list: [] }
  );
}

function problemsAs(source: string, options: ParserOptions): ScriptProblems {
  const syntax = problemsWith(source, options);
  if (syntax.length > 0) return { kind: 'does_not_parse', list: syntax };
  const clashes = problemsWith(source, { ...options, showSemanticErrors: true });
  return { kind: clashes.length > 0 ? 'clashes' : 'none', list: clashes };
}

function problemsWith(source: string, options: ParserOptions): readonly ScriptProblem[] {
  const { errors } = parseSync('source', source, options);
  return errors.map(({ message, labels }) => ({ message, offset: labels.at(-1)?.start ?? 0 }));
}
