import { t } from '@lingui/core/macro';
import { IconChevronRight } from '@tabler/icons-react';
import { memo, type MouseEvent, type ReactNode, useCallback, useMemo, useRef } from 'react';
import { Link, useNavigate } from 'react-router';
import { useListState } from '../ui/Detail';
import { useRows } from '../ui/rows';
import { useNow } from '../ui/Time';
import classes from './RowTable.module.css';
import { useVirtualRows } from './useVirtualRows';

export interface Column<Row> {
  title: string;
  /** In percent of the table's width; columns without a width share the rest. */
  width?: number;
  /** Null if the cell is empty; it then takes no space in a line. */
  cell: (row: Row, now: number) => ReactNode;
  /** On a narrow screen a row has two lines of these columns, and no others. */
  line?: 1 | 2;
  /** Takes the line's free width, and is cut at its end. */
  isFlexible?: boolean;
}

/** What a row shows when it is expanded in the list. */
export interface Expansion<Row> {
  isOpen: (row: Row) => boolean;
  onToggle: (row: Row) => void;
  /** `steps of run run_01`; the label reads Show or Hide before it. */
  label: (row: Row) => string;
  content: (row: Row) => ReactNode;
}

interface Props<Row> {
  /** `Deliveries, newest first` */
  label: string;
  columns: Column<Row>[];
  rows: Row[];
  /** The path of the row's page. */
  addressOf: (row: Row) => string;
  /** If set, a row has a button that expands it in place. */
  expansion?: Expansion<Row>;
}

/** The whole row is clickable, except its links and while text is being selected. */
function isPlainClick(event: MouseEvent): boolean {
  const onControl = event.target instanceof Element && event.target.closest('a, button') !== null;
  const selecting = window.getSelection()?.isCollapsed === false;
  return !onControl && !selecting && event.button === 0 && !event.metaKey && !event.ctrlKey;
}

interface RowLinkProps {
  to: string;
  /** The link's name, which distinguishes the row from others: `Completed, run run_1`. */
  label?: string;
  children: ReactNode;
}

/** The link to the row's page, for the keyboard. */
export function RowLink({ to, label, children }: RowLinkProps) {
  return (
    <Link to={to} state={useListState()} className={classes.name ?? ''} aria-label={label}>
      {children}
    </Link>
  );
}

interface CellsProps<Row> {
  row: Row;
  columns: Column<Row>[];
  now: number;
}

function Cells<Row>({ row, columns, now }: CellsProps<Row>) {
  return columns.map(({ title, cell, line, isFlexible }) => {
    const content = cell(row, now);
    const isEmpty = content === null || content === '' || content === false;
    return (
      <td
        role="cell"
        key={title}
        data-label={title}
        data-line={line}
        data-flexible={isFlexible}
        data-empty={isEmpty}
      >
        {content}
      </td>
    );
  });
}

interface ToggleProps<Row> {
  row: Row;
  expansion: Expansion<Row>;
  controls: string;
}

function Toggle<Row>({ row, expansion, controls }: ToggleProps<Row>) {
  const open = expansion.isOpen(row);
  return (
    <button
      type="button"
      className={classes.toggle}
      aria-expanded={open}
      aria-controls={open ? controls : undefined}
      aria-label={`${open ? t`Hide` : t`Show`} ${expansion.label(row)}`}
      onClick={() => {
        expansion.onToggle(row);
      }}
    >
      <IconChevronRight size={16} aria-hidden />
    </button>
  );
}

/** Takes the space of rows that are far outside the window. */
function Spacer({ height }: { height: number }) {
  if (height <= 0) return null;
  return (
    <tbody aria-hidden className={classes.spacer} style={{ height }}>
      <tr style={{ height }}>
        <td style={{ height }} />
      </tr>
    </tbody>
  );
}

interface BodyRowProps<Row> {
  row: Row;
  index: number;
  columns: Column<Row>[];
  now: number;
  expansion: Expansion<Row> | undefined;
  measure: ((element: Element | null) => void) | undefined;
  onOpen: (row: Row) => void;
}

function PlainBodyRow<Row extends { id: string }>(props: BodyRowProps<Row>) {
  const { row, index, columns, now, expansion, measure, onOpen } = props;
  const open = expansion?.isOpen(row) ?? false;
  const contentId = `row-${row.id}`;
  return (
    <tbody role="rowgroup" data-index={index} ref={measure}>
      {/* The link and the button in the row are the way for keyboards. */}
      <tr
        role="row"
        aria-rowindex={index + 2}
        data-row={row.id}
        data-open={open}
        onClick={(event) => {
          if (isPlainClick(event)) onOpen(row);
        }}
      >
        {expansion && (
          <td role="cell" className={classes.toggleCell}>
            <Toggle row={row} expansion={expansion} controls={contentId} />
          </td>
        )}
        <Cells row={row} columns={columns} now={now} />
      </tr>
      {expansion && open && (
        <tr role="row" id={contentId} className={classes.expanded}>
          <td role="cell" colSpan={columns.length + 1}>
            {expansion.content(row)}
          </td>
        </tr>
      )}
    </tbody>
  );
}

// Memoized: scrolling adds and removes rows, and the others need no new render.
const BodyRow = memo(PlainBodyRow) as typeof PlainBodyRow;

/** The rows of a list. Only rows near the window are drawn. On a narrow screen each has two lines. */
export function RowTable<Row extends { id: string }>(props: Props<Row>) {
  const { label, columns, rows, addressOf, expansion } = props;
  const now = useNow();
  useRows(rows.length > 0);
  const navigate = useNavigate();
  const state = useListState();
  const table = useRef<HTMLTableElement>(null);
  const keys = useMemo(() => rows.map(({ id }) => id), [rows]);
  const { indexes, above, below, measure } = useVirtualRows(table, keys);
  const open = useCallback(
    (row: Row) => void navigate(addressOf(row), { state }),
    [navigate, addressOf, state],
  );

  return (
    // The roles are explicit because the `display` of narrow screens would remove them.
    <table
      role="table"
      ref={table}
      className={classes.table}
      aria-label={label}
      aria-rowcount={rows.length + 1}
    >
      <colgroup>
        {expansion && <col className={classes.toggleColumn} />}
        {columns.map(({ title, width }) => (
          <col key={title} style={width === undefined ? {} : { width: `${width}%` }} />
        ))}
      </colgroup>
      <thead role="rowgroup">
        <tr role="row" aria-rowindex={1}>
          {expansion && (
            <th role="columnheader" scope="col">
              <span className="visually-hidden">{t`Details`}</span>
            </th>
          )}
          {columns.map(({ title }) => (
            <th role="columnheader" scope="col" key={title}>
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <Spacer height={above} />
      {indexes.map((index) => {
        const row = rows[index];
        return (
          row !== undefined && (
            <BodyRow
              key={row.id}
              row={row}
              index={index}
              columns={columns}
              now={now}
              expansion={expansion}
              measure={measure}
              onOpen={open}
            />
          )
        );
      })}
      <Spacer height={below} />
    </table>
  );
}
