import { type RefObject, useEffect, useLayoutEffect, useRef } from 'react';
import { NavigationType, useLocation, useNavigationType } from 'react-router';

/**
 * Scrolls and focuses a newly opened page at its top; a page that Back returns to keeps its scroll
 * position.
 */
export function useScrollMemory(main: RefObject<HTMLElement | null>): void {
  const { key, pathname } = useLocation();
  const arrivedBy = useNavigationType();
  const positions = useRef(new Map<string, number>());
  const shownPath = useRef(pathname);
  const shownKey = useRef(key);

  useEffect(() => {
    const remember = () => {
      positions.current.set(shownKey.current, window.scrollY);
    };
    window.addEventListener('scroll', remember, { passive: true });
    return () => {
      window.removeEventListener('scroll', remember);
    };
  }, []);

  useLayoutEffect(() => {
    shownKey.current = key;
    if (shownPath.current === pathname) return;
    shownPath.current = pathname;
    main.current?.focus({ preventScroll: true });
    window.scrollTo(0, arrivedBy === NavigationType.Pop ? (positions.current.get(key) ?? 0) : 0);
  }, [key, pathname, arrivedBy, main]);
}
