import { t } from '@lingui/core/macro';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useLocation } from 'react-router';
import { Dialog, DialogDecision } from './Dialog';
import { interceptHistory } from './interceptHistory';
import { interceptLeaving } from './leavePage';

/** A link to follow, a number of steps through the browser's history, or another way to leave. */
type Way = HTMLAnchorElement | number | { leave: () => void };

/** The link to another page of the console that a plain click follows; null for other clicks. */
function linkOut(event: MouseEvent): HTMLAnchorElement | null {
  if (event.defaultPrevented || event.button !== 0) return null;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return null;
  const link = event.target instanceof Element ? event.target.closest('a[href]') : null;
  if (!(link instanceof HTMLAnchorElement) || link.target === '_blank') return null;
  const isOurs = link.origin === window.location.origin;
  const isElsewhere = link.pathname !== window.location.pathname;
  return isOurs && isElsewhere ? link : null;
}

/** The position of a history state as the router counts; null if the router did not make it. */
function positionOf(state: unknown): number | null {
  const position = typeof state === 'object' && state !== null && 'idx' in state ? state.idx : null;
  return typeof position === 'number' ? position : null;
}

/** Milliseconds. Steps that follow each other sooner count as one, as each moves the browser. */
const SETTLED_MS = 100;

/** Goes to a place in the history; if the browser is there already, notifies the router. */
function stepTo(position: number) {
  const state: unknown = window.history.state;
  const steps = position - (positionOf(state) ?? position);
  if (steps === 0) window.dispatchEvent(new PopStateEvent('popstate', { state }));
  else window.history.go(steps);
}

interface Props {
  isDirty: boolean;
  title?: string;
  /** What happens to the changes. */
  children: ReactNode;
}

/**
 * Asks before the user leaves unsaved work, also by Back. If they close the tab, the browser asks.
 */
export function LeaveGuard({ isDirty, title = t`Leave without saving?`, children }: Props) {
  const { key, pathname } = useLocation();
  const [way, setWay] = useState<Way | null>(null);
  const leaves = useRef(false);
  const position = useRef<number | null>(null);
  const comesBack = useRef<number | undefined>(undefined);

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
      const reached = positionOf(event.state);
      if (leaves.current || reached === null || position.current === null) return;
      if (reached === position.current) {
        // The browser is back on the page, which was never really left.
        event.stopImmediatePropagation();
        return;
      }
      if (window.location.pathname === pathname) return;
      // The browser has moved already: move it back before the router notices.
      event.stopImmediatePropagation();
      window.clearTimeout(comesBack.current);
      comesBack.current = window.setTimeout(comeBack, SETTLED_MS);
      setWay(reached - position.current);
    }
    function comeBack() {
      if (position.current !== null) stepTo(position.current);
    }
    function onUnload(event: BeforeUnloadEvent) {
      event.preventDefault();
    }
    const stopHistory = interceptHistory(onPop);
    const stopLeaving = interceptLeaving((leave) => {
      setWay({ leave });
    });
    // Before React's own listeners, which would navigate.
    document.addEventListener('click', onClick, { capture: true });
    window.addEventListener('beforeunload', onUnload);
    return () => {
      document.removeEventListener('click', onClick, { capture: true });
      stopHistory();
      stopLeaving();
      window.removeEventListener('beforeunload', onUnload);
    };
  }, [isDirty, pathname]);

  function leave() {
    setWay(null);
    if (typeof way === 'number') {
      // From here until the page is gone, the router handles the steps.
      leaves.current = true;
      window.clearTimeout(comesBack.current);
      stepTo((position.current ?? 0) + way);
      return;
    }
    if (way !== null && 'leave' in way) {
      way.leave();
      return;
    }
    // Follow the link itself: it carries more than an address.
    leaves.current = true;
    way?.click();
    leaves.current = false;
  }

  return (
    <Dialog
      title={title}
      opened={way !== null}
      onClose={() => {
        setWay(null);
      }}
    >
      <p>{children}</p>
      <DialogDecision
        cancel={t`Stay`}
        confirm={t`Leave`}
        onCancel={() => {
          setWay(null);
        }}
        onConfirm={leave}
      />
    </Dialog>
  );
}
