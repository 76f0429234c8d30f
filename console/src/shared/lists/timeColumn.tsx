import { RelativeTime } from '../ui/Time';
import classes from './ListPage.module.css';
import type { Column } from './RowTable';

/** A column with relative times. `width` is in percent. */
export function timeColumn<Row>(
  title: string,
  width: number,
  timeOf: (row: Row) => string,
  line?: 1 | 2,
): Column<Row> {
  return {
    title,
    width,
    ...(line && { line }),
    cell: (row, now) => (
      <span className={classes.nowrap}>
        <RelativeTime time={timeOf(row)} now={now} />
      </span>
    ),
  };
}
