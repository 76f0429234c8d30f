import { Chip } from '@mantine/core';
import type { Counts } from '../api/types';
import { formatCount, formatWord } from '../ui/format';
import classes from './Filters.module.css';

const ALL = 'ALL';

interface Props<Status extends string> {
  /** What the chips choose among, for a screen reader: `Status`. */
  label: string;
  options: readonly Status[];
  value: Status | null;
  /** Of the other filters' rows, how many have each status; absent while nobody knows. */
  counts?: Counts | undefined;
  onChange: (value: Status | null) => void;
}

/** `1,204`, or `1,204+` where counting ended before the rows did. */
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
