import { usedLocale } from './locale';

/** `a, b or c` (disjunction), `a, b and c` (conjunction). */
export function formatList(items: readonly string[], type: 'conjunction' | 'disjunction'): string {
  return new Intl.ListFormat(usedLocale().language, { type }).format(items);
}
