/** Leaves a page by something other than a link, after asking about unsaved work. */

type Asker = (leave: () => void) => void;

const askers = new Set<Asker>();

/** Passes every attempt to leave the page to `asker`, until the returned function is called. */
export function interceptLeaving(asker: Asker): () => void {
  askers.add(asker);
  return () => {
    askers.delete(asker);
  };
}

/** Leaves at once if no work would be lost. */
export function leavePage(leave: () => void): void {
  const [asker] = askers;
  if (asker) asker(leave);
  else leave();
}
