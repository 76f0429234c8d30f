/** Ids in the page, so that a problem can lead to its field. */

export function fieldId(nodeId: string, path: string): string {
  return `field-${nodeId}-${path.replaceAll('.', '-')}`;
}

export function edgeElementId(index: number): string {
  return `edge-${index}`;
}

/** The field of this path, or the nearest that holds it. */
export function findField(nodeId: string, path: string): HTMLElement | null {
  const steps = path.split('.');
  for (let length = steps.length; length > 0; length -= 1) {
    const found = document.getElementById(fieldId(nodeId, steps.slice(0, length).join('.')));
    if (found) return found;
  }
  return null;
}
