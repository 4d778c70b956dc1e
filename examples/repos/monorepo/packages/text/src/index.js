export { excerpt } from './excerpt.js';
export { stem, tokenize } from './tokenize.js';
