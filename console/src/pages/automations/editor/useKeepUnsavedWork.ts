import { useEffect, useRef, useState } from 'react';
import { useServices } from '../../../shared/auth/services';
import type { AutomationDocument } from './document';
import { dropUnsavedWork, keepUnsavedWork } from './unsavedWork';

const KEEP_AFTER_MS = 250;

/** Keeps the document in the tab while it differs from the saved one; false if that fails. */
export function useKeepUnsavedWork(
  key: string,
  document: AutomationDocument,
  revision: number | null,
  isDirty: boolean,
): boolean {
  const { session } = useServices();
  const [isKept, setKept] = useState(true);
  /** Keeps the last change now, if that is still pending. */
  const pending = useRef<(() => void) | null>(null);

  // Before the other effect, whose cleanup drops the pending change. A session that ends within the
  // delay loses nothing, and signing out keeps nothing.
  useEffect(
    () => () => {
      if (session.state() !== 'signed-out') pending.current?.();
    },
    [session],
  );

  useEffect(() => {
    if (!isDirty) {
      dropUnsavedWork(key);
      return;
    }
    const keep = () => {
      pending.current = null;
      setKept(keepUnsavedWork(key, { document, revision, at: new Date().toISOString() }));
    };
    pending.current = keep;
    const timer = setTimeout(keep, KEEP_AFTER_MS);
    // A reload within the delay also loses nothing.
    window.addEventListener('pagehide', keep);
    return () => {
      pending.current = null;
      clearTimeout(timer);
      window.removeEventListener('pagehide', keep);
    };
  }, [key, document, revision, isDirty]);
  return isKept;
}
