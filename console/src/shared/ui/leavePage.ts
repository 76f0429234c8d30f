/** Leaving a page by something else than a link: unsaved work on it is asked about first. */

type Asker = (leave: () => void) => void;

const askers = new Set<Asker>();

/** Until what is returned is called, `asker` is handed whatever would leave the page. */
export function interceptLeaving(asker: Asker): () => void {
  askers.add(asker);
  return () => {
    askers.delete(asker);
  };
}

/** Leaves at once where nothing would be lost by it. */
export function leavePage(leave: () => void): void {
  const [asker] = askers;
  if (asker) asker(leave);
  else leave();
}
