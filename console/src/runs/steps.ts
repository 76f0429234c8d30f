/** Which steps of a run stand open: the URL tells, one `step` parameter each. */

export function readOpenSteps(parameters: URLSearchParams): string[] {
  return parameters.getAll('step');
}

export function writeOpenSteps(current: URLSearchParams, nodeIds: readonly string[]): URLSearchParams {
  const written = new URLSearchParams(current);
  written.delete('step');
  for (const nodeId of nodeIds) written.append('step', nodeId);
  return written;
}

/** The address of a run with one step open, for somebody else. */
export function stepAddress(runId: string, nodeId: string): string {
  const search = writeOpenSteps(new URLSearchParams(), [nodeId]).toString();
  return `${window.location.origin}/runs/${runId}?${search}`;
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
