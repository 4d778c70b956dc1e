import { tokenize } from '../../text/src/index.js';
import { parseQuery } from './parse-query.js';

export class SearchIndex {
  /** term -> document id -> positions */
  #postings = new Map();
  #lengths = new Map();

  get size() {
    return this.#lengths.size;
  }

  add(id, text) {
    if (this.#lengths.has(id)) this.remove(id);
    const terms = tokenize(text).map((token) => token.term);
    this.#lengths.set(id, terms.length);
    terms.forEach((term, position) => this.#place(term, id, position));
  }

  remove(id) {
    if (!this.#lengths.delete(id)) return false;
    for (const [term, documents] of this.#postings) {
      documents.delete(id);
      if (documents.size === 0) this.#postings.delete(term);
    }
    return true;
  }

  /** Ids with all wanted terms, the best first; equal scores are ordered by id. */
  search(query) {
    const { wanted, excluded, phrases } = parseQuery(query);
    if (wanted.length === 0) return [];
    const candidates = [...this.#documentsOf(wanted[0]).keys()];
    return candidates
      .filter((id) => wanted.every((term) => this.#documentsOf(term).has(id)))
      .filter((id) => !excluded.some((term) => this.#documentsOf(term).has(id)))
      .filter((id) => phrases.every((phrase) => this.#hasPhrase(id, phrase)))
      .map((id) => ({ id, score: this.#score(id, wanted) }))
      .sort((a, b) => b.score - a.score || a.id.localeCompare(b.id));
  }

  #place(term, id, position) {
    const documents = this.#postings.get(term) ?? new Map();
    documents.set(id, [...(documents.get(id) ?? []), position]);
    this.#postings.set(term, documents);
  }

  #documentsOf(term) {
    return this.#postings.get(term) ?? new Map();
  }

  #hasPhrase(id, phrase) {
    const starts = this.#documentsOf(phrase[0]).get(id) ?? [];
    return starts.some((start) =>
      phrase.every((term, offset) => (this.#documentsOf(term).get(id) ?? []).includes(start + offset)),
    );
  }

  #score(id, terms) {
    return terms.reduce((total, term) => {
      const documents = this.#documentsOf(term);
      const frequency = documents.get(id).length / this.#lengths.get(id);
      return total + frequency * Math.log(1 + this.size / documents.size);
    }, 0);
  }
}
