import { t } from '@lingui/core/macro';
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
  /**
   * How many rows that match the other filters have each status; undefined until known. Absent if
   * they are never counted.
   */
  counts?: Counts | undefined;
  /** Options whose count may be too low although the others are complete. */
  partial?: readonly Status[];
  onChange: (value: Status | null) => void;
}

interface CountProps {
  count: number | undefined;
  isComplete: boolean;
}

/** `1,204`, or `1,204+` if not all rows were counted. Its space is kept until it is known. */
function Count({ count, isComplete }: CountProps) {
  return (
    <span className={classes.count} data-count={count}>
      {count !== undefined && isComplete && formatCount(count)}
      {count !== undefined && !isComplete && (
        <>
          <span aria-hidden>{formatCount(count)}+</span>
          <span className="visually-hidden">{t`${formatCount(count)} or more`}</span>
        </>
      )}
    </span>
  );
}

export function StatusChips<Status extends string>(props: Props<Status>) {
  const { label, options, value, counts, partial = [], onChange } = props;
  const isCounted = 'counts' in props;
  const countOf = (option: string) => (option === ALL ? counts?.total : counts?.counts[option]);
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
            {formatWord(option)}
            {isCounted && (
              <>
                {' '}
                <Count
                  count={countOf(option)}
                  isComplete={counts?.isComplete !== false && !partial.some((one) => one === option)}
                />
              </>
            )}
          </Chip>
        ))}
      </Chip.Group>
    </div>
  );
}
