import { Button } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useNavigate } from 'react-router';
import { Dialog, DialogActions } from '../../ui/Dialog';

/** The page of ours that a plain click leads to; null for any other click. */
function destination(event: MouseEvent): string | null {
  if (event.defaultPrevented || event.button !== 0) return null;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return null;
  const link = event.target instanceof Element ? event.target.closest('a[href]') : null;
  if (!(link instanceof HTMLAnchorElement) || link.target === '_blank') return null;
  const isOurs = link.origin === window.location.origin;
  const isElsewhere = link.pathname !== window.location.pathname;
  return isOurs && isElsewhere ? `${link.pathname}${link.search}${link.hash}` : null;
}

/** Asks before unsaved work is left; closing the tab is asked about by the browser. */
export function LeaveGuard({ isDirty }: { isDirty: boolean }) {
  const navigate = useNavigate();
  const [to, setTo] = useState<string | null>(null);

  useEffect(() => {
    if (!isDirty) return;
    function onClick(event: MouseEvent) {
      const found = destination(event);
      if (found === null) return;
      event.preventDefault();
      event.stopPropagation();
      setTo(found);
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
      opened={to !== null}
      onClose={() => {
        setTo(null);
      }}
    >
      <p>Your changes are kept in this tab: they are offered when you come back to this page.</p>
      <DialogActions>
        <Button
          variant="default"
          onClick={() => {
            setTo(null);
          }}
        >
          Stay
        </Button>
        <Button
          onClick={() => {
            if (to !== null) void navigate(to);
            setTo(null);
          }}
        >
          Leave
        </Button>
      </DialogActions>
    </Dialog>
  );
}
