/**
 * The pure half of the repair engine: which lines to suspect, which edits to try, in which order.
 *
 * No function here reads a file, a clock or a random number; sources come in as strings and equal inputs give equal bytes.
 * Validation (running the tests for a candidate) belongs to the callers.
 *
 * @example
 * const suspicious = rankLines({ testResult, coverage, sources });
 * const plan = planSearch({ suspicious, sources, hints: literalHints(testResult), hash, maxCandidates: 2000 });
 * for (const { edit } of plan.candidates) { ... applyEdit(source, edit) ... }
 * const repair = chooseRepair(passing);
 */
export { applyEdit, editSize, type Edit } from './apply-edit.ts';
export {
  generateCandidates,
  maxLineLength,
  type CandidateOutcome,
  type CandidateRequest,
  type LineSelection,
  type RefusalReason,
} from './candidates/generate-candidates.ts';
export { literalHints } from './candidates/literal-hints.ts';
export { operatorNames, type LiteralHints, type OperatorName } from './candidates/repair-operator.ts';
export { importDistances, importsOf, type Sources } from './import-graph.ts';
export { isSourceFile, languageOf, type Language } from './language.ts';
export { operatorPriors } from './operator-priors.ts';
export { compareEdits, orderCandidates, type OrderedEdit } from './order-candidates.ts';
export {
  candidateId,
  chooseRepair,
  planSearch,
  type Candidate,
  type SearchPlan,
  type SearchRequest,
} from './plan-search.ts';
export { parseProblem } from './parse-problem.ts';
export { isProtectedPath, protectedBy } from './protected-paths.ts';
export { rankLines, type LocalisationInput, type SuspiciousLine } from './rank-lines.ts';
export { PythonParserUnavailable } from './syntax/python.ts';
