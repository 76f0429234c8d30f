import { Button } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { Dialog, DialogActions } from '../../ui/Dialog';

/** The link to another page of ours that a plain click follows; null for any other click. */
function linkOut(event: MouseEvent): HTMLAnchorElement | null {
  if (event.defaultPrevented || event.button !== 0) return null;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return null;
  const link = event.target instanceof Element ? event.target.closest('a[href]') : null;
  if (!(link instanceof HTMLAnchorElement) || link.target === '_blank') return null;
  const isOurs = link.origin === window.location.origin;
  const isElsewhere = link.pathname !== window.location.pathname;
  return isOurs && isElsewhere ? link : null;
}

/** Asks before unsaved work is left; closing the tab is asked about by the browser. */
export function LeaveGuard({ isDirty }: { isDirty: boolean }) {
  const [link, setLink] = useState<HTMLAnchorElement | null>(null);
  const leaves = useRef(false);

  useEffect(() => {
    if (!isDirty) return;
    function onClick(event: MouseEvent) {
      const found = linkOut(event);
      if (found === null || leaves.current) return;
      event.preventDefault();
      event.stopPropagation();
      setLink(found);
    }
    function onUnload(event: BeforeUnloadEvent) {
      event.preventDefault();
    }
    // Before React's own listeners, which would navigate.
    document.addEventListener('click', onClick, { capture: true });
    window.addEventListener('beforeunload', onUnload);
    return () => {
      document.removeEventListener('click', onClick, { capture: true });
      window.removeEventListener('beforeunload', onUnload);
    };
  }, [isDirty]);

  return (
    <Dialog
      title="Leave without saving?"
      opened={link !== null}
      onClose={() => {
        setLink(null);
      }}
    >
      <p>Your changes are kept in this tab: they are offered when you come back to this page.</p>
      <DialogActions>
        <Button
          variant="default"
          onClick={() => {
            setLink(null);
          }}
        >
          Stay
        </Button>
        <Button
          onClick={() => {
            // Followed as it would have been: it hands on more than an address.
            leaves.current = true;
            link?.click();
            leaves.current = false;
            setLink(null);
          }}
        >
          Leave
        </Button>
      </DialogActions>
    </Dialog>
  );
}
