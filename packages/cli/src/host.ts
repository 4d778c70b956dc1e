import { existsSync } from 'node:fs';
import { delimiter, join, relative } from 'node:path';

/** What a command has of the process around it; tests give their own. */
export interface Host {
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** How the command is called here: what is printed to be typed begins with it. */
  readonly commandName: string;
  /** The working directory. */
  readonly directory: string;
  /** Aborted when the person or the system wants the command to end. */
  readonly signal: AbortSignal;
  readStdin(): Promise<string>;
  now(): number;
}

export interface Sink {
  write(text: string): void;
  readonly isTerminal: boolean;
  readonly columns: number;
  /** `false` once the reader has gone: what is written from then on is lost, and nobody minds. */
  readonly isOpen: boolean;
}

/** The host of a real process. */
export function processHost(signal: AbortSignal): Host {
  return {
    stdout: new StreamSink(process.stdout),
    stderr: new StreamSink(process.stderr),
    environment: process.env,
    commandName: commandName(process.env, process.argv[1] ?? '', process.cwd()),
    directory: process.cwd(),
    signal,
    readStdin,
    now: () => Date.now(),
  };
}

/** `vltair` where a shell finds it; under npm and npx, which put it on PATH for themselves alone, `npx vltair`; else its path. */
export function commandName(environment: Host['environment'], path: string, directory: string): string {
  if (environment['npm_command'] !== undefined) return 'npx vltair';
  const found = (environment['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, 'vltair')));
  return found || path === '' ? 'vltair' : `./${relative(directory, path)}`.replace(/^\.\/(?=\.\.\/)/, '');
}

const USUAL_COLUMNS = 80;

class StreamSink implements Sink {
  readonly #stream: NodeJS.WriteStream;
  #isOpen = true;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      this.#isOpen = false;
    });
  }

  write(text: string): void {
    if (this.#isOpen) this.#stream.write(text);
  }

  get isTerminal(): boolean {
    return this.#stream.isTTY;
  }

  get columns(): number {
    const { columns } = this.#stream;
    return columns > 0 ? columns : USUAL_COLUMNS; // a terminal that nobody has told its size says 0
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }
}

/** Resolves when the reader has all that was written, or has gone: a pipe takes its time, and an exit does not wait for it. */
export function handedOver(stream: NodeJS.WriteStream): Promise<void> {
  if (!stream.writable || stream.writableLength === 0) return Promise.resolve();
  return new Promise((resolve) => stream.write('', () => resolve()));
}

async function readStdin(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks).toString('utf8');
}
