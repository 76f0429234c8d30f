import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { useKeptState } from '../address/addressState';
import classes from './TabLinks.module.css';

export interface Tab {
  key: string;
  to: string;
  label: ReactNode;
}

interface Props {
  label: string;
  tabs: Tab[];
  current: string;
}

/** Tabs of one page, each with its own address; the back link stays the same. */
export function TabLinks({ label, tabs, current }: Props) {
  const state = useKeptState();
  return (
    <nav aria-label={label} className={classes.tabs}>
      {tabs.map(({ key, to, label: words }) => (
        <Link
          key={key}
          to={to}
          state={state}
          className={classes.tab ?? ''}
          aria-current={key === current ? 'page' : undefined}
        >
          {words}
        </Link>
      ))}
    </nav>
  );
}
