import type { RunFilters } from '../../shared/subjects/runs';

const UNCHARTED = [
  ['status', 'status'],
  ['contact', 'contact'],
  ['errorGroup', 'error'],
  ['rerunOf', 'original'],
  ['recoveryId', 'recovery'],
] as const;

/** Says which filters the chart ignores; null if it follows all of them. */
export function chartNote(filters: RunFilters): string | null {
  const words = UNCHARTED.filter(([name]) => filters[name] !== null).map(([, word]) => word);
  if (words.length === 0) return null;
  const runs = filters.automationId === null ? 'all runs' : 'all runs of the automation';
  const [last = '', ...others] = words.toReversed();
  const listed =
    others.length === 0 ? last : `${others.toReversed().join(', ')} and ${last}`;
  return `The chart shows ${runs} in the period; only the list below is filtered by ${listed}.`;
}
