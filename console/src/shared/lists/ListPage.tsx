import { Button, Skeleton } from '@mantine/core';
import type { ReactNode } from 'react';
import { EmptyState } from '../ui/EmptyState';
import { ErrorNotice } from '../ui/ErrorNotice';
import { isCustom, type Period } from './filters';
import { ListEnd } from './ListEnd';
import classes from './ListPage.module.css';
import { NewRows } from './NewRows';
import { periodText } from './period';
import type { LiveList } from './useLiveList';

interface ResultsProps<Item> {
  /** `delivery` and `deliveries`. */
  noun: string;
  plural: string;
  /** Absent where the list has no end in time. */
  period?: Period;
  list: LiveList<Item>;
  /** What stands in the place of rows where there are none. */
  empty: ReactNode;
  children: (items: Item[]) => ReactNode;
}

/** A live list's rows, or why there are none. */
export function ListResults<Item>({ noun, plural, period, list, empty, children }: ResultsProps<Item>) {
  return (
    <>
      {list.error && <ErrorNotice error={list.error} onRetry={list.retry} />}
      {!list.isLoaded && !list.error && (
        <div role="status" aria-label={`Loading ${plural}`} className={classes.loading}>
          {Array.from({ length: 8 }, (_, row) => (
            <Skeleton key={row} height={44} />
          ))}
        </div>
      )}
      {list.isLoaded && (
        <section aria-label="Results" aria-busy={list.isOld} className={classes.results}>
          <NewRows count={list.newCount} hasGap={list.hasGap} onShow={list.showNew} />
          {list.items.length > 0 && children(list.items)}
          {list.items.length === 0 && !list.hasMore ? (
            empty
          ) : (
            <ListEnd
              noun={noun}
              plural={plural}
              shown={list.items.length}
              period={period && periodText(period)}
              hasMore={list.hasMore}
              isLoadingMore={list.isLoadingMore}
              loadMore={list.loadMore}
            />
          )}
        </section>
      )}
    </>
  );
}

interface NothingProps {
  plural: string;
  /** When there will be some. */
  hint: string;
  period: Period;
  /** Whether a filter that can be cleared is set. */
  isNarrowed: boolean;
  onClear: () => void;
  onChange: (period: Period) => void;
}

/** No rows by the filters, and the ways to more. */
export function NothingFound(props: NothingProps) {
  const { plural, hint, period, isNarrowed, onClear, onChange } = props;
  const words = periodText(period);
  return (
    <EmptyState title={isNarrowed ? `No ${plural} ${words} match` : `No ${plural} ${words}`}>
      <p>{isNarrowed ? 'Loosen a filter or look further back.' : hint}</p>
      <div className={classes.emptyActions}>
        {isNarrowed && (
          <Button variant="default" onClick={onClear}>
            Clear the filters
          </Button>
        )}
        {(isCustom(period) || period.range !== '30d') && (
          <Button
            variant="default"
            onClick={() => {
              onChange({ range: '30d', from: null, to: null });
            }}
          >
            Look back 30 days
          </Button>
        )}
      </div>
    </EmptyState>
  );
}
