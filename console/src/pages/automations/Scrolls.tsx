import type { ReactNode } from 'react';
import classes from './AutomationPage.module.css';

/** A table that is wider than a phone: it scrolls by itself, also by keyboard. */
export function Scrolls({ label, children }: { label: string; children: ReactNode }) {
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className={classes.scrolls} role="region" aria-label={label} tabIndex={0}>
      {children}
    </div>
  );
}
