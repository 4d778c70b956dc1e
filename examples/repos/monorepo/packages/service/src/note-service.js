import { SearchIndex } from '../../search/src/index.js';
import { excerpt } from '../../text/src/index.js';

export class NoteNotFound extends Error {
  name = 'NoteNotFound';

  constructor(id) {
    super(`no note ${id}`);
    this.id = id;
  }
}

export class NoteService {
  #store;
  #index = new SearchIndex();
  #clock;

  constructor(store, clock = Date.now) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Fills the index from what the store holds already. */
  static async open(store, clock) {
    const service = new NoteService(store, clock);
    for await (const note of store.all()) service.#reindex(note);
    return service;
  }

  async create(id, title, body) {
    if (await this.#store.has(id)) throw new TypeError(`note ${id} exists already`);
    const note = { id, title, body, revision: 1, changedAt: this.#clock() };
    await this.#save(note);
    return note;
  }

  async edit(id, changes) {
    const note = await this.#store.get(id);
    if (note === undefined) throw new NoteNotFound(id);
    const edited = { ...note, ...changes, id, revision: note.revision + 1, changedAt: this.#clock() };
    await this.#save(edited);
    return edited;
  }

  async remove(id) {
    if (!this.#store.has(id)) throw new NoteNotFound(id);
    await this.#store.delete(id);
    this.#index.remove(id);
  }

  async search(query, limit = 10) {
    const hits = this.#index.search(query).slice(0, limit);
    const notes = await Promise.all(hits.map((hit) => this.#store.get(hit.id)));
    return notes.map((note) => ({ id: note.id, title: note.title, excerpt: excerpt(note.body, query) }));
  }

  async #save(note) {
    await this.#store.put(note);
    this.#reindex(note);
  }

  #reindex(note) {
    this.#index.add(note.id, `${note.title} ${note.body}`);
  }
}
