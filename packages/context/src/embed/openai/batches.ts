/** Neighbouring texts together, up to a count and a number of characters; a longer text is a batch of its own. */
export function batchesOf(
  texts: readonly string[],
  maxTexts: number,
  maxCharacters: number,
): readonly (readonly string[])[] {
  const batches: (readonly string[])[] = [];
  let start = 0;
  let characters = 0;
  for (const [index, text] of texts.entries()) {
    const isFull = index - start >= maxTexts || characters + text.length > maxCharacters;
    if (isFull && index > start) {
      batches.push(texts.slice(start, index));
      [start, characters] = [index, 0];
    }
    characters += text.length;
  }
  return start < texts.length ? [...batches, texts.slice(start)] : batches;
}
