import { Button } from '@mantine/core';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useLocation } from 'react-router';
import { Dialog, DialogActions } from './Dialog';
import { hearSteps } from './steps';

/** A link to follow, or so many steps through the browser's history. */
type Way = HTMLAnchorElement | number;

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

/** Where a state of the history stands in it, as the router counts; null for a state not of it. */
function positionOf(state: unknown): number | null {
  const position = typeof state === 'object' && state !== null && 'idx' in state ? state.idx : null;
  return typeof position === 'number' ? position : null;
}

interface Props {
  isDirty: boolean;
  /** What becomes of the changes. */
  children: ReactNode;
}

/** Asks before unsaved work is left, by Back too; closing the tab is asked about by the browser. */
export function LeaveGuard({ isDirty, children }: Props) {
  const { key, pathname } = useLocation();
  const [way, setWay] = useState<Way | null>(null);
  const leaves = useRef(false);
  const position = useRef<number | null>(null);
  /** The next step through the history is our own. */
  const isOwnStep = useRef(false);

  useEffect(() => {
    position.current = positionOf(window.history.state);
  }, [key]);

  useEffect(() => {
    if (!isDirty) return;
    function onClick(event: MouseEvent) {
      const found = linkOut(event);
      if (found === null || leaves.current) return;
      event.preventDefault();
      event.stopPropagation();
      setWay(found);
    }
    function onPop(event: PopStateEvent) {
      if (isOwnStep.current) {
        isOwnStep.current = false;
        // Back at the page that never was left.
        if (window.location.pathname === pathname) event.stopImmediatePropagation();
        return;
      }
      const reached = positionOf(event.state);
      if (window.location.pathname === pathname || reached === null || position.current === null) {
        return;
      }
      // The browser is there already: it is taken back before the router hears of it.
      event.stopImmediatePropagation();
      isOwnStep.current = true;
      window.history.go(position.current - reached);
      setWay(reached - position.current);
    }
    function onUnload(event: BeforeUnloadEvent) {
      event.preventDefault();
    }
    const stopHearing = hearSteps(onPop);
    // Before React's own listeners, which would navigate.
    document.addEventListener('click', onClick, { capture: true });
    window.addEventListener('beforeunload', onUnload);
    return () => {
      document.removeEventListener('click', onClick, { capture: true });
      stopHearing();
      window.removeEventListener('beforeunload', onUnload);
    };
  }, [isDirty, pathname]);

  function leave() {
    setWay(null);
    if (typeof way === 'number') {
      isOwnStep.current = true;
      window.history.go(way);
      return;
    }
    // Followed as it would have been: it hands on more than an address.
    leaves.current = true;
    way?.click();
    leaves.current = false;
  }

  return (
    <Dialog
      title="Leave without saving?"
      opened={way !== null}
      onClose={() => {
        setWay(null);
      }}
    >
      <p>{children}</p>
      <DialogActions>
        <Button
          variant="default"
          onClick={() => {
            setWay(null);
          }}
        >
          Stay
        </Button>
        <Button onClick={leave}>Leave</Button>
      </DialogActions>
    </Dialog>
  );
}
