import { useEffect, useState } from 'react';
import type { AutomationDocument } from './document';
import { dropDraft, keepDraft } from './drafts';

const KEEP_AFTER_MS = 250;

/** Keeps the document in the tab while it differs from what is saved; false where it cannot be. */
export function useUnsaved(
  key: string,
  document: AutomationDocument,
  revision: number | null,
  isDirty: boolean,
): boolean {
  const [isKept, setKept] = useState(true);
  useEffect(() => {
    if (!isDirty) {
      dropDraft(key);
      return;
    }
    const keep = () => {
      setKept(keepDraft(key, { document, revision, at: new Date().toISOString() }));
    };
    const timer = setTimeout(keep, KEEP_AFTER_MS);
    // A reload within the delay loses nothing either.
    window.addEventListener('pagehide', keep);
    return () => {
      clearTimeout(timer);
      window.removeEventListener('pagehide', keep);
    };
  }, [key, document, revision, isDirty]);
  return isKept;
}
