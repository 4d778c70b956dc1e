import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { witnessReplySchema, type WitnessRequest } from './witness.ts';

type Asked = { [K in WitnessRequest['do']]: Omit<Extract<WitnessRequest, { do: K }>, 'id'> }[WitnessRequest['do']];

/** A process's connection to the witness. */
export class WitnessLine {
  readonly #socket: Socket;
  readonly #waiting = new Map<number, (number: number | undefined) => void>();
  #asked = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    createInterface({ input: socket }).on('line', (line) => {
      const { id, number } = witnessReplySchema.parse(JSON.parse(line));
      this.#waiting.get(id)?.(number);
      this.#waiting.delete(id);
    });
  }

  static async open(path: string): Promise<WitnessLine> {
    const socket = createConnection(path);
    await once(socket, 'connect');
    return new WitnessLine(socket);
  }

  /** The number of the act; `undefined` when it was refused or, of a question, when it has not happened. */
  async ask(asked: Asked): Promise<number | undefined> {
    const id = (this.#asked += 1);
    return await new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#socket.write(`${JSON.stringify({ ...asked, id })}\n`);
    });
  }
}
