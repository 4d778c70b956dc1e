/**
 * What a name holds, guessed from how its file uses it: no type checker, only words around the name.
 *
 * A guess counts only when it is the single one; a name that is used in two ways, or in none that tells, may be anything.
 */
export type ValueKind = 'number' | 'text' | 'list' | 'object' | 'function';

const listMethods =
  'map|filter|push|pop|forEach|reduce|some|every|flatMap|join|sort|toSorted|append|extend|insert|unshift|shift|splice';
const textMethods =
  'trim|toLowerCase|toUpperCase|startsWith|endsWith|charCodeAt|charAt|padStart|padEnd|replaceAll|strip|lstrip|rstrip|lower|upper|startswith|endswith|splitlines|encode|isdigit';

/** Patterns by kind; `@` stands for the name. */
const signs: readonly (readonly [ValueKind, string])[] = [
  ['number', '@\\??\\s*:\\s*(?:readonly\\s+)?(?:number|int|float|bigint)\\b(?!\\s*\\[)'],
  ['text', '@\\??\\s*:\\s*(?:string|str)\\b(?!\\s*\\[)'],
  ['list', '@\\??\\s*:\\s*(?:readonly\\s+)?(?:[\\w.]+\\[\\]|(?:Readonly)?Array<|list\\b|List\\[)'],
  ['object', '@\\??\\s*:\\s*(?!Infinity\\b|NaN\\b)[A-Z]\\w*\\s*[;,)=]'],
  ['number', '@\\s*=\\s*-?\\d'],
  ['number', '@\\s*=\\s*[\\w.]+ [-*/] [\\w.]+'],
  ['number', '@\\s*=\\s*(?:len|int|float|sum|Math\\.\\w+|Number|parseInt)\\('],
  ['number', '@\\s*(?:\\+\\+|--|[-+]=\\s*\\d|[-*]\\s|//\\s|<=?\\s|>=?\\s)'],
  ['number', '\\s(?:[-*]|//|<=?|>=?)\\s+@'],
  ['text', '@\\s*(?:=|===?|!==?)\\s*["\'`]'],
  ['text', `@\\.(?:${textMethods})\\(`],
  ['list', '@\\s*=\\s*\\['],
  ['list', `@\\.(?:${listMethods})\\(`],
  ['object', '@\\s*=\\s*(?:\\{|new\\s+[A-Z])'],
];

/** Members that every text and list has. */
const commonMembers = new Set(['length', 'slice', 'concat', 'indexOf', 'includes', 'at', 'toString', 'index', 'count']);

export class ValueKinds {
  readonly #source: string;
  readonly #known = new Map<string, ValueKind | undefined>();
  readonly #missing = new Map<string, boolean>();

  constructor(source: string) {
    this.#source = source;
  }

  /** The only kind that the uses of a name speak for. */
  of(name: string): ValueKind | undefined {
    if (this.#known.has(name)) return this.#known.get(name);
    const kind = this.#guess(name);
    this.#known.set(name, kind);
    return kind;
  }

  /** Whether the file asks anywhere if the value is there, or gives a name nothing. */
  isMaybeMissing(name: string): boolean {
    const known = this.#missing.get(name);
    if (known !== undefined) return known;
    const word = `(?<![\\w$.])${name.replaceAll('$', '\\$')}(?![\\w$])`;
    const isMissing = new RegExp(
      `${word}\\s*(?:\\?\\.|\\?\\?|\\?\\s*:|[!=]==?\\s*(?:null|undefined)|is (?:not )?None|=\\s*(?:None|null|undefined)|\\|\\|)|(?:!|not )${word}|${word}\\s*=[^=\\n]*\\.(?:get|find|match|exec|pop|shift)\\(`,
    ).test(this.#source);
    this.#missing.set(name, isMissing);
    return isMissing;
  }

  #guess(name: string): ValueKind | undefined {
    if (!/^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(name) || !this.#source.includes(name)) return undefined;
    const word = `(?<![\\w$.])${name.replaceAll('$', '\\$')}(?![\\w$])`;
    const kinds = new Set(
      signs.flatMap(([kind, sign]) => (new RegExp(sign.replace('@', () => word)).test(this.#source) ? [kind] : [])),
    );
    if (new RegExp(`${word}\\(`).test(this.#source)) kinds.add('function');
    const members = [...this.#source.matchAll(new RegExp(`${word}\\.(\\w+)(?!\\w*\\()`, 'g'))];
    if (kinds.size === 0 && members.some((match) => !commonMembers.has(match[1] ?? ''))) kinds.add('object');
    const [only] = kinds;
    return kinds.size === 1 ? only : undefined;
  }
}
