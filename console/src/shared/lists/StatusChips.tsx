import { Chip } from '@mantine/core';
import type { Counts } from '../api/types';
import { formatCount, formatWord } from '../ui/format';
import classes from './Filters.module.css';

const ALL = 'ALL';

interface Props<Status extends string> {
  /** The group's name for screen readers: `Status`. */
  label: string;
  options: readonly Status[];
  value: Status | null;
  /** How many rows that match the other filters have each status; absent until known. */
  counts?: Counts | undefined;
  onChange: (value: Status | null) => void;
}

/** `1,204`, or `1,204+` if not all rows were counted. */
function Count({ counts, option }: { counts: Counts | undefined; option: string }) {
  if (!counts) return null;
  const count = option === ALL ? counts.total : (counts.counts[option] ?? 0);
  return (
    <span className={classes.count} data-count={count}>
      {formatCount(count)}
      {!counts.isComplete && (
        <>
          <span aria-hidden>+</span>
          <span className="visually-hidden">{' or more'}</span>
        </>
      )}
    </span>
  );
}

export function StatusChips<Status extends string>(props: Props<Status>) {
  const { label, options, value, counts, onChange } = props;
  return (
    <div role="radiogroup" aria-label={label} className={classes.chips}>
      <Chip.Group
        value={value ?? ALL}
        onChange={(chosen: string) => {
          onChange(options.find((option) => option === chosen) ?? null);
        }}
      >
        {[ALL, ...options].map((option) => (
          <Chip key={option} value={option} variant="outline" size="sm">
            {formatWord(option)} <Count counts={counts} option={option} />
          </Chip>
        ))}
      </Chip.Group>
    </div>
  );
}
