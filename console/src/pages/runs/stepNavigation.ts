/** The open steps of a run, and navigation to a step. */

/** Returns the open steps after opening or closing one. */
export function toggled(
  nodeIds: readonly string[],
  nodeId: string,
  isToOpen: boolean,
): readonly string[] {
  const others = nodeIds.filter((id) => id !== nodeId);
  return isToOpen ? [...others, nodeId] : others;
}

/** Returns the open steps after moving from one step to another. */
export function moved(nodeIds: readonly string[], from: string, to: string): readonly string[] {
  return [...nodeIds.filter((id) => id !== from && id !== to), to];
}

/** The id of the step's element; a page may show several runs. */
export function stepElementId(runId: string, nodeId: string): string {
  return `step-${runId}-${nodeId}`;
}

/** Scrolls to a step, once it is rendered. */
export function showStep(runId: string, nodeId: string): void {
  requestAnimationFrame(() => {
    document.getElementById(stepElementId(runId, nodeId))?.scrollIntoView({ block: 'start' });
  });
}

/** Scrolls to a step and focuses its heading. */
export function goToStep(runId: string, nodeId: string): void {
  showStep(runId, nodeId);
  requestAnimationFrame(() => {
    const element = document.getElementById(stepElementId(runId, nodeId));
    element?.querySelector('button')?.focus({ preventScroll: true });
  });
}

/** Returns the previous and the next id; null at the ends. */
export function neighbors(
  nodeIds: readonly string[],
  nodeId: string,
): [previous: string | null, next: string | null] {
  const at = nodeIds.indexOf(nodeId);
  return [nodeIds[at - 1] ?? null, at === -1 ? null : (nodeIds[at + 1] ?? null)];
}
