/** The store that tests and the desktop client use; the asynchronous face is the one that a database has. */
export class MemoryStore {
  #notes = new Map();

  async has(id) {
    return this.#notes.has(id);
  }

  async get(id) {
    const note = this.#notes.get(id);
    return note === undefined ? undefined : { ...note };
  }

  async put(note) {
    this.#notes.set(note.id, { ...note });
  }

  async delete(id) {
    return this.#notes.delete(id);
  }

  async *all() {
    for (const note of this.#notes.values()) yield { ...note };
  }
}
