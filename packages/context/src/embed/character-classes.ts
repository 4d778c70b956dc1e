/** What a UTF-16 code unit is to the splitting of text into words. */
export const OTHER = 0;
export const LOWER = 1;
export const UPPER = 2;
export const DIGIT = 3;

/**
 * Latin, Greek, Cyrillic and Armenian: the scripts with upper and lower case, all of them settled long ago, so that this
 * table is the same under every version of Unicode. Beyond it a unit is a letter or lies in a block without letters.
 */
const TABLE_END = 0x590;
/** Punctuation, arrows, mathematical and box drawing signs; CJK punctuation; specials at the very end. */
const BLOCKS_WITHOUT_LETTERS: readonly (readonly [number, number])[] = [
  [0x2000, 0x2bff],
  [0x3000, 0x3004],
  [0x3008, 0x3020],
  [0xfe00, 0xfe6f],
  [0xfeff, 0xff0f],
  [0xfff0, 0xffff],
];

const classes = new Uint8Array(TABLE_END);
const folded = new Uint16Array(TABLE_END);
for (let unit = 0; unit < TABLE_END; unit += 1) {
  const character = String.fromCharCode(unit);
  const lower = character.toLowerCase();
  classes[unit] = classIn(character, lower);
  folded[unit] = lower.length === 1 ? lower.charCodeAt(0) : unit;
}

function classIn(character: string, lower: string): number {
  if (/[0-9]/.test(character)) return DIGIT;
  if (!/[\p{L}\p{M}]/u.test(character)) return OTHER;
  return lower === character ? LOWER : UPPER;
}

/** Letters without case, and both halves of a surrogate pair, count as lower case. */
export function classOf(unit: number): number {
  if (unit < TABLE_END) return classes[unit] ?? OTHER;
  return BLOCKS_WITHOUT_LETTERS.some(([first, last]) => unit >= first && unit <= last) ? OTHER : LOWER;
}

/** The lower case of a unit; of those without case, the unit itself. */
export function fold(unit: number): number {
  return unit < TABLE_END ? (folded[unit] ?? unit) : unit;
}
