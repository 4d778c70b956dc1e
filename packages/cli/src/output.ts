import type { RedactionSettings } from '@vltair/protocol';
import type { Host } from './host.ts';
import { cleaner, isColoured, painter, type Clean, type PageStyle, type Paint } from './render/terminal-text.ts';

export interface OutputOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly noColor: boolean;
  readonly redaction: RedactionSettings;
}

/**
 * Where a command says things: results on stdout, everything else on stderr. What people read is shown without secrets;
 * what programs read is exact.
 */
export class Output {
  readonly isJson: boolean;
  readonly isQuiet: boolean;
  /** Colours of results. */
  readonly paint: Paint;
  /** Colours of messages. */
  readonly paintMessage: Paint;
  /** Hides what looks like a secret. */
  readonly clean: Clean;
  readonly host: Host;

  constructor(host: Host, { json, quiet, noColor, redaction }: OutputOptions) {
    this.host = host;
    this.isJson = json;
    this.isQuiet = quiet;
    this.clean = cleaner(redaction);
    this.paint = painter(isColoured(host.environment, host.stdout.isTerminal, noColor));
    this.paintMessage = painter(isColoured(host.environment, host.stderr.isTerminal, noColor));
  }

  get style(): PageStyle {
    return { paint: this.paint, clean: this.clean, command: this.host.commandName };
  }

  /** The result: `text` for people, `value` with --json. */
  result(value: unknown, text: () => string): void {
    if (this.isJson) this.json(value);
    else this.text(text());
  }

  json(value: unknown): void {
    this.host.stdout.write(`${JSON.stringify(value)}\n`);
  }

  /** A text of whole lines for people on stdout. */
  text(text: string): void {
    this.exact(this.clean(text));
  }

  /** The same for programs: not a character is altered. */
  exact(text: string): void {
    if (text !== '') this.host.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
  }

  /** A line about what goes on, on stderr; --quiet leaves it out. */
  note(line: string): void {
    if (!this.isQuiet) this.host.stderr.write(`${this.clean(line)}\n`);
  }
}
