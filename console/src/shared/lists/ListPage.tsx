import { t } from '@lingui/core/macro';
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
  /** Absent if the list has no period. */
  period?: Period;
  list: LiveList<Item>;
  /** Shown if there are no rows. */
  empty: ReactNode;
  children: (items: Item[]) => ReactNode;
}

/** The rows of a live list, or why there are none. */
export function ListResults<Item>({ noun, plural, period, list, empty, children }: ResultsProps<Item>) {
  return (
    <>
      {list.error && <ErrorNotice error={list.error} onRetry={list.retry} />}
      {!list.isLoaded && !list.error && (
        <div role="status" aria-label={t`Loading ${plural}`} className={classes.loading}>
          {Array.from({ length: 8 }, (_, row) => (
            <Skeleton key={row} height={44} />
          ))}
        </div>
      )}
      {list.isLoaded && (
        <section aria-label={t`Results`} aria-busy={list.isOld} className={classes.results}>
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
  /** When rows will appear. */
  hint: string;
  period: Period;
  /** Whether a filter that can be cleared is set. */
  isNarrowed: boolean;
  onClear: () => void;
  onChange: (period: Period) => void;
}

/** Says that no rows match, and offers ways to see more. */
export function NothingFound(props: NothingProps) {
  const { plural, hint, period, isNarrowed, onClear, onChange } = props;
  const words = periodText(period);
  return (
    <EmptyState title={isNarrowed ? t`No matching ${plural} ${words}` : t`No ${plural} ${words}`}>
      <p>{isNarrowed ? t`Remove a filter or choose a longer period.` : hint}</p>
      <div className={classes.emptyActions}>
        {isNarrowed && (
          <Button variant="default" onClick={onClear}>
            {t`Clear filters`}
          </Button>
        )}
        {(isCustom(period) || period.range !== '30d') && (
          <Button
            variant="default"
            onClick={() => {
              onChange({ range: '30d', from: null, to: null });
            }}
          >
            {t`Show the last 30 days`}
          </Button>
        )}
      </div>
    </EmptyState>
  );
}
