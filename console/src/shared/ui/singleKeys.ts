/**
 * Whether single keys such as `/` and `j` are shortcuts. People who speak to their computer, or hit
 * keys by mistake, can switch them off (WCAG 2.1.4). The choice is kept in the browser.
 */

import { useSyncExternalStore } from 'react';

const KEY = 'runledger.singleKeys';
const OFF = 'off';
const listeners = new Set<() => void>();

export function areSingleKeysOn(): boolean {
  return window.localStorage.getItem(KEY) !== OFF;
}

export function setSingleKeys(on: boolean): void {
  if (on) window.localStorage.removeItem(KEY);
  else window.localStorage.setItem(KEY, OFF);
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useSingleKeys(): boolean {
  return useSyncExternalStore(subscribe, areSingleKeysOn);
}
