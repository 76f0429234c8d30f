import { useEffect, useRef, useState } from 'react';
import { useServices } from '../../../shared/auth/services';
import type { AutomationDocument } from './document';
import { dropUnsavedWork, keepUnsavedWork } from './unsavedWork';

const KEEP_AFTER_MS = 250;

/** Keeps the document in the tab while it differs from what is saved; false where it cannot be. */
export function useKeepUnsavedWork(
  key: string,
  document: AutomationDocument,
  revision: number | null,
  isDirty: boolean,
): boolean {
  const { session } = useServices();
  const [isKept, setKept] = useState(true);
  /** Keeps the last change, while that is still to be done. */
  const pending = useRef<(() => void) | null>(null);

  // Before the other effect, whose cleanup forgets what is pending. Where the session ends within
  // the delay nothing is lost; who signs out leaves nothing behind.
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
    // A reload within the delay loses nothing either.
    window.addEventListener('pagehide', keep);
    return () => {
      pending.current = null;
      clearTimeout(timer);
      window.removeEventListener('pagehide', keep);
    };
  }, [key, document, revision, isDirty]);
  return isKept;
}
