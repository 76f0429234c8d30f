import { plural as pluralOf, t } from '@lingui/core/macro';
import { Button } from '@mantine/core';
import { useEffect, useRef } from 'react';
import { formatCount } from '../ui/format';
import classes from './List.module.css';

interface Props {
  noun: string;
  plural?: string;
  shown: number;
  /** `in the last 7 days`; absent if the list has no period. */
  period?: string | undefined;
  hasMore: boolean;
  isLoadingMore: boolean;
  loadMore: () => void;
}

/** Loads the next page when the end comes into view; says so if there is none. */
export function ListEnd(props: Props) {
  const { noun, plural = `${noun}s`, shown, period, hasMore, isLoadingMore, loadMore } = props;
  const amount = pluralOf(shown, { one: `1 ${noun}`, other: `${formatCount(shown)} ${plural}` });
  const end = useRef<HTMLDivElement>(null);
  const load = useRef(loadMore);
  useEffect(() => {
    load.current = loadMore;
  });
  useEffect(() => {
    const element = end.current;
    // If a page is empty but not the last, the search reached its limit; the user may continue it.
    if (!element || !hasMore || shown === 0 || !('IntersectionObserver' in window)) return;
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some(({ isIntersecting }) => isIntersecting)) load.current();
      },
      { rootMargin: '600px' },
    );
    observer.observe(element);
    return () => {
      observer.disconnect();
    };
  }, [hasMore, shown]);

  return (
    <div ref={end} className={classes.end}>
      {hasMore ? (
        <>
          {shown === 0 && <p>{t`No match among the newest ${plural}. Older ones are not searched yet.`}</p>}
          <Button variant="default" loading={isLoadingMore} onClick={loadMore}>
            {t`Load more`}
          </Button>
        </>
      ) : (
        shown > 0 && (
          <p>
            {period === undefined ? t`${amount} in total.` : t`${amount} ${period}. No older matches.`}
          </p>
        )
      )}
    </div>
  );
}
