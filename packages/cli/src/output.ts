import type { Host } from './host.ts';
import { isColoured, painter, type PageStyle, type Paint } from './render/terminal-text.ts';

export interface OutputOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly noColor: boolean;
}

/** Where a command says things: results on stdout, everything else on stderr. */
export class Output {
  readonly isJson: boolean;
  readonly isQuiet: boolean;
  /** Colours of results. */
  readonly paint: Paint;
  /** Colours of messages. */
  readonly paintMessage: Paint;
  readonly host: Host;

  constructor(host: Host, { json, quiet, noColor }: OutputOptions) {
    this.host = host;
    this.isJson = json;
    this.isQuiet = quiet;
    this.paint = painter(isColoured(host.environment, host.stdout.isTerminal, noColor));
    this.paintMessage = painter(isColoured(host.environment, host.stderr.isTerminal, noColor));
  }

  get style(): PageStyle {
    return { paint: this.paint, command: this.host.commandName };
  }

  /** The result: `text` for people, `value` with --json. */
  result(value: unknown, text: () => string): void {
    if (this.isJson) this.json(value);
    else this.text(text());
  }

  json(value: unknown): void {
    this.host.stdout.write(`${JSON.stringify(value)}\n`);
  }

  /** A text of whole lines on stdout. */
  text(text: string): void {
    if (text !== '') this.host.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
  }

  /** A line about what goes on, on stderr; --quiet leaves it out. */
  note(line: string): void {
    if (!this.isQuiet) this.host.stderr.write(`${line}\n`);
  }
}
