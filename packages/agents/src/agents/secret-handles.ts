import { REDACTED, VltairError } from '@vltair/protocol';
import { z } from 'zod';

/** In place of a text that must not be recorded: its value is looked up when the call is made. */
const secretHandleSchema = z.strictObject({
  /** `API_KEY` stands for the environment variable `VLTAIR_SECRET_API_KEY`. */
  secret: z.string().regex(/^[A-Z][A-Z0-9_]{0,63}$/, { message: 'is not the name of a secret (capitals, digits, _)' }),
  /** What goes before the value, such as `Bearer `. */
  prefix: z.string().max(100).exactOptional(),
});
/** A text, or a handle on a secret one. */
export const handleOrTextSchema = z.union([z.string(), secretHandleSchema]);
export type HandleOrText = z.infer<typeof handleOrTextSchema>;

/** The secrets that one call uses. */
export class SecretHandles {
  readonly #environment: Readonly<Record<string, string | undefined>>;
  readonly #used = new Set<string>();

  constructor(environment: Readonly<Record<string, string | undefined>>) {
    this.#environment = environment;
  }

  /** @throws VltairError `not_found/secret` */
  resolve(value: HandleOrText): string {
    if (typeof value === 'string') return value;
    const secret = this.#environment[`VLTAIR_SECRET_${value.secret}`];
    if (secret === undefined || secret === '') throw new VltairError('not_found/secret', { detail: value.secret });
    this.#used.add(secret);
    return `${value.prefix ?? ''}${secret}`;
  }

  /** A text that came back, without the secrets that were sent, also where it is the text of JSON or of a URL. */
  hide(text: string): string {
    return this.#forms().reduce((rest, form) => rest.replaceAll(form, REDACTED), text);
  }

  /** As `hide`, of a text that may end in the middle of a secret. `marker` is what it says there. */
  hideCut(text: string, marker: RegExp): string {
    const hidden = this.hide(text);
    const place = hidden.search(marker);
    if (place === -1) return hidden;
    const kept = hidden.slice(0, place);
    const part = Math.max(0, ...this.#forms().map((form) => beginningAtEnd(kept, form)));
    return part === 0 ? hidden : `${kept.slice(0, -part)}${REDACTED}${hidden.slice(place)}`;
  }

  /** Bytes that came back and are no text: a secret stands in them as it was sent, in UTF-8 or, in headers, in Latin-1. */
  hideBytes(bytes: Buffer): Buffer {
    const forms = this.#forms().flatMap((form) => [form, Buffer.from(form).toString('latin1')]);
    const hidden = forms.reduce((rest, form) => rest.replaceAll(form, REDACTED), bytes.toString('latin1'));
    return Buffer.from(hidden, 'latin1');
  }

  /** The longest first, as one can be a part of another. */
  #forms(): readonly string[] {
    const forms = [...this.#used].flatMap((secret) => {
      const quoted = JSON.stringify(secret).slice(1, -1);
      return [secret, quoted, quoted.replaceAll('/', String.raw`\/`), encodeURIComponent(secret.toWellFormed())];
    });
    return [...new Set(forms)].toSorted((left, right) => right.length - left.length);
  }
}

/** What is shorter says too little to be worth hiding, and would be found by chance. */
const SHORTEST_PART = 4;

/** How many characters at the end of a text are the beginning of a secret. */
function beginningAtEnd(text: string, secret: string): number {
  for (let length = Math.min(secret.length - 1, text.length); length >= SHORTEST_PART; length -= 1)
    if (text.endsWith(secret.slice(0, length))) return length;
  return 0;
}
