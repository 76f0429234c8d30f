/**
 * Hearing of a step through the browser's history before the router does. Chromium calls the
 * window's listeners in the order they were added, whether they capture or not, so this one is there
 * before the router begins: App.tsx imports it.
 */

type Hearer = (event: PopStateEvent) => void;

let first: Hearer | null = null;

window.addEventListener('popstate', (event) => first?.(event), { capture: true });

/** Until what is returned is called; the one who asked last is heard. */
export function interceptHistory(hearer: Hearer): () => void {
  first = hearer;
  return () => {
    if (first === hearer) first = null;
  };
}
