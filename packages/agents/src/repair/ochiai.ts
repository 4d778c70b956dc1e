/**
 * The Ochiai coefficient of fault localisation: `ef / sqrt((ef + nf) * (ef + ep))`.
 *
 * `ef` failing tests that ran the element, `nf` failing tests that did not, `ep` passing tests that ran it. Source: R. Abreu,
 * P. Zoeteweij, A. J. C. van Gemund, "On the accuracy of spectrum-based fault localization", TAIC PART 2007, formula (4).
 *
 * @returns 0 (no failing test ran it) to 1 (all failing tests ran it and no passing one did).
 */
export function ochiai(counts: { readonly failed: number; readonly failing: number; readonly passed: number }): number {
  const { failed, failing, passed } = counts;
  return failed === 0 || failing === 0 ? 0 : failed / Math.sqrt(failing * (failed + passed));
}
