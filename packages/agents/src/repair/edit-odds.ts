/**
 * How often an edit of a kind was the one that was needed, before the program is run: fitted counts with smoothing.
 *
 * `edit-odds.json` holds, for code with one planted bug, `[needed, proposed]` counts by operator, by operator and form, and by
 * operator, form, role and place in the operator's own order. Each level is smoothed with the one above it:
 *
 *     odds(level) = (needed + weight * odds(level above)) / (proposed + weight)
 *
 * and the operators themselves with `operatorPriors`, so that what was never seen is unlikely and not impossible.
 */
import type { Edit } from './apply-edit.ts';
import { operatorPriors } from './operator-priors.ts';
import counts from './edit-odds.json' with { type: 'json' };

const table: ReadonlyMap<string, readonly number[]> = new Map(Object.entries(counts));
const priorOdds = 0.02;
const operatorWeight = 300;
const formWeight = 20;
const placeWeight = 20;

/** From 0 to 1; only ratios between edits mean anything. */
export function editOdds(edit: Pick<Edit, 'operator' | 'form' | 'role' | 'rank'>): number {
  const byOperator = smoothed(edit.operator, priorOdds * operatorPriors[edit.operator], operatorWeight);
  const form = `${edit.operator}|${edit.form}`;
  const byForm = smoothed(form, byOperator, formWeight);
  return smoothed(`${form}|${edit.role}|${placeOf(edit.rank)}`, byForm, placeWeight);
}

function smoothed(key: string, above: number, weight: number): number {
  const [needed = 0, proposed = 0] = table.get(key) ?? [];
  return (needed + weight * above) / (proposed + weight);
}

function placeOf(rank: number): 'first' | 'early' | 'late' {
  return rank === 0 ? 'first' : rank < 4 ? 'early' : 'late';
}
