export { parsePolicy, type Policy } from './policy.ts';
export { evaluatePolicy, type PolicyRequest } from './evaluate-policy.ts';
