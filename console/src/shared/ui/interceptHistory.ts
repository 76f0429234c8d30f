/**
 * Handles a step through the browser's history before the router does. Chromium calls the window's
 * listeners in the order they were added, capturing or not. So App.tsx imports this file, which
 * adds its listener before the router starts.
 */

type Hearer = (event: PopStateEvent) => void;

let first: Hearer | null = null;

window.addEventListener('popstate', (event) => first?.(event), { capture: true });

/** Sets the handler until the returned function is called; the last one set is used. */
export function interceptHistory(hearer: Hearer): () => void {
  first = hearer;
  return () => {
    if (first === hearer) first = null;
  };
}
