/** Which steps of a run stand open, and how to get to one. */

/** The open steps after one of them was opened or closed. */
export function toggled(
  nodeIds: readonly string[],
  nodeId: string,
  isToOpen: boolean,
): readonly string[] {
  const others = nodeIds.filter((id) => id !== nodeId);
  return isToOpen ? [...others, nodeId] : others;
}

/** The same after going from one step to another, which is open then instead. */
export function moved(nodeIds: readonly string[], from: string, to: string): readonly string[] {
  return [...nodeIds.filter((id) => id !== from && id !== to), to];
}

/** The step's element, which links and the keyboard go to; a page may show several runs. */
export function stepElementId(runId: string, nodeId: string): string {
  return `step-${runId}-${nodeId}`;
}

/** Brings a step to the top of the view, once it is drawn. */
export function showStep(runId: string, nodeId: string): void {
  requestAnimationFrame(() => {
    document.getElementById(stepElementId(runId, nodeId))?.scrollIntoView({ block: 'start' });
  });
}

/** The same, and its heading gets the focus. */
export function goToStep(runId: string, nodeId: string): void {
  showStep(runId, nodeId);
  requestAnimationFrame(() => {
    const element = document.getElementById(stepElementId(runId, nodeId));
    element?.querySelector('button')?.focus({ preventScroll: true });
  });
}

/** The first of the ids is the one before, the second the one after; null at the ends. */
export function neighbours(
  nodeIds: readonly string[],
  nodeId: string,
): [previous: string | null, next: string | null] {
  const at = nodeIds.indexOf(nodeId);
  return [nodeIds[at - 1] ?? null, at === -1 ? null : (nodeIds[at + 1] ?? null)];
}
