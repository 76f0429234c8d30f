/** Which steps of a run stand open: the URL tells, one `step` parameter each. */

export function readOpenSteps(parameters: URLSearchParams): string[] {
  return parameters.getAll('step');
}

export function writeOpenSteps(current: URLSearchParams, nodeIds: string[]): URLSearchParams {
  const written = new URLSearchParams(current);
  written.delete('step');
  for (const nodeId of nodeIds) written.append('step', nodeId);
  return written;
}
