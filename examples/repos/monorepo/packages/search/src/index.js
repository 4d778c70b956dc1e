export { parseQuery } from './parse-query.js';
export { SearchIndex } from './search-index.js';
