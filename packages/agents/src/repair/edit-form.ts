/**
 * What an edit looks like, apart from the names in it: the class whose odds `edit-odds` counts.
 *
 * Operators, keywords and brackets stand for themselves, every name is `name`, text is `text`; a number that takes a number's place
 * is `one more`, `one less` or `number`. `i <= n` to `i < n` is `<= > <`; `f(a)` to `f(b)` is `name > name`; `n` to `n + 1` is
 * `> + 1`.
 */
import { tokensOf, withoutCommonEnds } from './code-tokens.ts';

const longestForm = 5;
const keyword =
  /^(?:return|await|if|else|not|and|or|is|in|None|null|undefined|true|false|True|False|break|continue|pass|throw|raise|typeof|instanceof|this|self|Math|Number|String|str|int|float|list|dict|set|tuple|len|abs|sorted|reversed|range|Object|Boolean|length|trim|toLowerCase|toUpperCase|strip|lower|upper|filter|get|keys|values|items|enumerate)$/;

/** The form of the change from one text to another. */
export function editForm(before: string, after: string): string {
  const [removed, added] = withoutCommonEnds(tokensOf(before), tokensOf(after));
  if (removed.length === 1 && added.length === 1) {
    const step = Number(added[0]) - Number(removed[0]);
    if (!Number.isNaN(step)) return step === 1 ? 'one more' : step === -1 ? 'one less' : 'number';
  }
  return `${described(removed)} > ${described(added)}`.trim();
}

function described(tokens: readonly string[]): string {
  return tokens.length > longestForm ? 'many' : tokens.map(kindOf).join(' ');
}

function kindOf(token: string): string {
  if (/^\d/.test(token)) return Number(token) <= 1 ? token : 'number';
  if (/^["'`]/.test(token)) return token.length === 2 ? token : 'text';
  return /^[\p{L}_$]/u.test(token) && !keyword.test(token) ? 'name' : token;
}
