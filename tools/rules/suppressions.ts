// Whoever silences a tool names the rule and the reason: `oxlint-disable-next-line no-console -- the terminal is the
// output`, `@ts-expect-error TS2322 -- a number is no run id`, `v8 ignore next -- unreachable on Linux`.
import { type Problem, type Source, problemAt } from '../source.ts';

const RULE = 'suppressions';
const REASON = String.raw`\s+--(\s+\S+){3,}`;

interface Directive {
  readonly present: RegExp;
  readonly complete: RegExp | undefined;
  readonly message: string;
}

const DIRECTIVES: readonly Directive[] = [
  {
    present: /^\s*@ts-(ignore|nocheck)\b/u,
    complete: undefined,
    message: 'is forbidden; @ts-expect-error with code and reason fails when it is no longer needed',
  },
  {
    present: /^\s*@ts-expect-error\b/u,
    complete: new RegExp(String.raw`^\s*@ts-expect-error\s+TS\d+${REASON}`, 'u'),
    message: 'needs the form: @ts-expect-error TS<code> -- <reason>',
  },
  {
    present: /^\s*eslint-disable/u,
    complete: undefined,
    message: 'is forbidden; this repository is linted by oxlint',
  },
  {
    present: /^\s*oxlint-disable/u,
    complete: new RegExp(String.raw`^\s*oxlint-disable(-next-line|-line)?\s+[\w@/-]+(,\s*[\w@/-]+)*${REASON}`, 'u'),
    message: 'needs the form: oxlint-disable-next-line <rule> -- <reason>',
  },
  {
    present: /^\s*(v8|c8|istanbul)\s+ignore\b/u,
    complete: new RegExp(String.raw`^\s*(v8|c8|istanbul)\s+ignore\s+\w+${REASON}|^\s*v8 ignore stop`, 'u'),
    message: 'needs the form: v8 ignore <next|start|if|else> -- <reason>',
  },
];

export function checkSuppressions(sources: readonly Source[]): Problem[] {
  return sources.flatMap((source) =>
    source.comments.flatMap((comment) => {
      const directive = DIRECTIVES.find(({ present }) => present.test(comment.value));
      if (directive === undefined || directive.complete?.test(comment.value) === true) return [];
      return [problemAt(source, comment, RULE, `'${comment.value.trim().slice(0, 50)}' ${directive.message}`)];
    }),
  );
}
