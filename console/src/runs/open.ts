/** Which runs of the list stand open in place: the URL tells, one `open` parameter each. */

export function readOpenRuns(parameters: URLSearchParams): string[] {
  return parameters.getAll('open');
}

/** Opens a run that is closed and closes one that is open. */
export function writeOpenRuns(current: URLSearchParams, id: string): URLSearchParams {
  const written = new URLSearchParams(current);
  written.delete('open');
  const open = readOpenRuns(current);
  const others = open.filter((one) => one !== id);
  for (const one of open.includes(id) ? others : [...others, id]) written.append('open', one);
  return written;
}
