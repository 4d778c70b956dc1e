import { tokenize } from '../../text/src/index.js';

/** `tea -milk "green tea"`: wanted terms, terms that must be absent, and phrases. */
export function parseQuery(query) {
  const phrases = [];
  const rest = query.replace(/"([^"]*)"/g, (_, phrase) => {
    phrases.push(tokenize(phrase).map((token) => token.term));
    return ' ';
  });
  const excluded = [];
  const wanted = [];
  for (const word of rest.split(/\s+/).filter(Boolean)) {
    const target = word.startsWith('-') ? excluded : wanted;
    target.push(...tokenize(word).map((token) => token.term));
  }
  return { wanted: [...wanted, ...phrases.flat()], excluded, phrases };
}
