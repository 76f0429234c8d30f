/** Which part of an event the paths of a trigger's fields begin at. */

import { t } from '@lingui/core/macro';
import { parsePath, valueBySteps } from '../../shared/ui/valuePath';
import { triggerBody } from './events';
import type { Facts } from './sources';

/**
 * WHOLE: the event as it arrived, for the list to split and for the sender's own rule. ELEMENT: an
 * element of the split event. RUN: what one run gets.
 */
export type PathBase = 'WHOLE' | 'ELEMENT' | 'RUN';

export interface PickedPart {
  value: unknown;
  /** A note about where the paths begin; null at the event itself. */
  note: string | null;
}

function listAt(document: unknown, split: string): unknown[] | null {
  const steps = parsePath(split);
  if (steps === null) return null;
  const found = [document, triggerBody(document)].map((each) => valueBySteps(each, steps));
  return found.find((each) => Array.isArray(each)) ?? null;
}

/** The part of an event that a field's path begins at. */
export function partOf(document: unknown, base: PathBase, intake: Facts): PickedPart {
  if (base === 'WHOLE') return { value: document, note: null };
  const { split } = intake;
  const list = typeof split === 'string' ? listAt(document, split) : null;
  if (list === null) {
    return { value: base === 'RUN' ? triggerBody(document) : document, note: null };
  }
  const [first] = list;
  const note = t`The event is split, so paths begin at an element of the list ${String(split)}. Element 1 of ${list.length} is shown.`;
  return { value: base === 'RUN' ? triggerBody(first) : first, note };
}

/** The base of the field at this path in the trigger's intake. */
export function baseOf(field: string): PathBase {
  if (field === 'split' || field.startsWith('source.')) return 'WHOLE';
  return field === 'splitId' ? 'ELEMENT' : 'RUN';
}
