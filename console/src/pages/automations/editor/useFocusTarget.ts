import { t } from '@lingui/core/macro';
import { useEffect, useRef, useState } from 'react';
import { edgeElementId, findField } from './elementIds';

/** The element to focus for a problem or a new node, once it is on the page. */
export type FocusTarget = { nodeId: string; field: string | null } | { edge: number };

function elementOf(target: FocusTarget): HTMLElement | null {
  if ('edge' in target) return document.getElementById(edgeElementId(target.edge));
  if (target.field !== null) return findField(target.nodeId, target.field);
  return document.querySelector(`section[aria-label="Node ${target.nodeId}"] input`);
}

/** Focuses the target or the first input in it; false if it is not on the page. */
function focusOn(target: FocusTarget): boolean {
  const element = elementOf(target);
  element?.scrollIntoView({ block: 'center' });
  const inside = element?.matches(t`input, select, textarea, button`)
    ? element
    : (element?.querySelector<HTMLElement>('select, input, textarea') ?? element);
  inside?.focus();
  return inside !== null;
}

/** Sets the focus target: focused now, or after `selected` or `view` shows it. */
export function useFocusTarget(
  selected: string | null,
  view: string,
): (target: FocusTarget) => void {
  const [target, setTarget] = useState<FocusTarget | null>(null);
  const reached = useRef<FocusTarget | null>(null);
  useEffect(() => {
    if (target === null || reached.current === target) return;
    if (focusOn(target)) reached.current = target;
  }, [target, selected, view]);
  return setTarget;
}
