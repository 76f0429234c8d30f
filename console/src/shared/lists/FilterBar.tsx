import type { ReactNode } from 'react';
import classes from './Filters.module.css';

interface Props {
  /** `Filter runs`. */
  label: string;
  chips: ReactNode;
  children: ReactNode;
}

/** Chips in the first row, the other filters in the second. */
export function FilterBar({ label, chips, children }: Props) {
  return (
    <div role="search" className={classes.bar} aria-label={label}>
      {chips}
      <div className={classes.fields}>{children}</div>
    </div>
  );
}
