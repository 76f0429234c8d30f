import type { MouseEvent, ReactNode } from 'react';
import { Link, useLocation, useNavigate } from 'react-router';
import type { ListState } from '../ui/Detail';
import { useNow } from '../ui/Time';
import classes from './RowTable.module.css';

export interface Column<Row> {
  title: string;
  /** Of the table's width, in percent; what is left is shared by the others. */
  width?: number;
  /** Nothing where the cell is empty: it then takes no place on a narrow screen. */
  cell: (row: Row, now: number) => ReactNode;
  /** Takes a line of its own on a narrow screen. */
  isWide?: boolean;
}

interface Props<Row> {
  /** `Deliveries, newest first` */
  label: string;
  columns: Column<Row>[];
  rows: Row[];
  /** The row's own page. */
  addressOf: (row: Row) => string;
}

/** The whole row opens its page, but for links in it and text that is being selected. */
function isPlainClick(event: MouseEvent): boolean {
  const onControl = event.target instanceof Element && event.target.closest('a, button') !== null;
  const selecting = window.getSelection()?.isCollapsed === false;
  return !onControl && !selecting && event.button === 0 && !event.metaKey && !event.ctrlKey;
}

/** The way back from the page keeps the list's filters. */
function useListState(): ListState {
  return { list: useLocation().search };
}

interface RowLinkProps {
  to: string;
  children: ReactNode;
}

/** The one link to a row's page, which is the way for keyboards. */
export function RowLink({ to, children }: RowLinkProps) {
  return (
    <Link to={to} state={useListState()} className={classes.name ?? ''}>
      {children}
    </Link>
  );
}

/** A list's rows. On a narrow screen each is a card of its own. */
export function RowTable<Row extends { id: string }>(props: Props<Row>) {
  const { label, columns, rows, addressOf } = props;
  const now = useNow();
  const navigate = useNavigate();
  const state = useListState();
  return (
    // The roles are said aloud because the cards' `display` would take them from a table.
    <table role="table" className={classes.table} aria-label={label}>
      <colgroup>
        {columns.map(({ title, width }) => (
          <col key={title} style={width === undefined ? {} : { width: `${width}%` }} />
        ))}
      </colgroup>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map(({ title }) => (
            <th role="columnheader" scope="col" key={title}>
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {rows.map((row) => (
          // The link in the row is the way for keyboards; the click is a larger target for pointers.
          <tr
            role="row"
            key={row.id}
            data-row={row.id}
            onClick={(event) => {
              if (isPlainClick(event)) void navigate(addressOf(row), { state });
            }}
          >
            {columns.map(({ title, cell, isWide }) => {
              const content = cell(row, now);
              const isEmpty = content === null || content === '' || content === false;
              return (
                <td role="cell" key={title} data-label={title} data-wide={isWide} data-empty={isEmpty}>
                  {content}
                </td>
              );
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
