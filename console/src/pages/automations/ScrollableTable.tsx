import type { ReactNode } from 'react';
import classes from './ScrollableTable.module.css';

interface Props {
  label: string;
  columns: readonly string[];
  /** `tr` elements, each with a `th` as its first cell. */
  children: ReactNode;
}

/** A table that is wider than a phone. It scrolls on its own, also by keyboard. */
export function ScrollableTable({ label, columns, children }: Props) {
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className={classes.scrollable} role="region" aria-label={label} tabIndex={0}>
      <table className={classes.table}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}
