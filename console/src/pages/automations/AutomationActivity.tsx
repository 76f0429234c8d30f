import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { Link } from 'react-router';
import { useServices } from '../../shared/auth/services';
import page from '../../shared/lists/ListPage.module.css';
import { RUN_FILTERS, type RunFilters } from '../../shared/subjects/runs';
import { Status } from '../../shared/ui/Status';
import { RelativeTime } from '../../shared/ui/Time';
import { STATISTICS_RANGE, lastRunQuery, runCountsQuery } from './queries';
import { statisticsOf, formatRate } from './runStatistics';

/** Only visible rows send requests: a long list of automations would send many. */
function useSeen() {
  const element = useRef<HTMLSpanElement>(null);
  const [isSeen, setSeen] = useState(() => !('IntersectionObserver' in window));
  useEffect(() => {
    if (isSeen || !element.current) return;
    const observer = new IntersectionObserver((entries) => {
      if (entries.some(({ isIntersecting }) => isIntersecting)) setSeen(true);
    });
    observer.observe(element.current);
    return () => {
      observer.disconnect();
    };
  }, [isSeen]);
  return { element, isSeen };
}

function runsAddress(automationId: string, more: Partial<RunFilters> = {}): string {
  return RUN_FILTERS.address('/runs', { automationId, ...more });
}

const UNKNOWN: ReactNode = <span className={page.muted}>–</span>;

/** The number of runs, with a link to them; a dash if the deployment does not count. */
export function RunCount({ automationId }: { automationId: string }) {
  const { api } = useServices();
  const { element, isSeen } = useSeen();
  const { data } = useQuery({ ...runCountsQuery(api, automationId), enabled: isSeen });
  const statistics = data && statisticsOf(data);
  return (
    <span ref={element} className={page.nowrap}>
      {statistics ? (
        <Link to={runsAddress(automationId, { range: STATISTICS_RANGE })}>
          {statistics.runs}
          <span className="visually-hidden"> runs in 7 days</span>
        </Link>
      ) : (
        UNKNOWN
      )}
    </span>
  );
}

export function FailureRate({ automationId }: { automationId: string }) {
  const { api } = useServices();
  const { element, isSeen } = useSeen();
  const { data } = useQuery({ ...runCountsQuery(api, automationId), enabled: isSeen });
  const statistics = data && statisticsOf(data);
  const rate = statistics?.failureRate ?? null;
  if (!statistics || rate === null) return <span ref={element}>{UNKNOWN}</span>;
  const words = formatRate(rate);
  return (
    <span ref={element} className={page.nowrap}>
      {statistics.failed === 0 ? (
        words
      ) : (
        <Link to={runsAddress(automationId, { status: 'FAILED', range: STATISTICS_RANGE })}>
          {words}
          <span className="visually-hidden"> failed, {statistics.failed} runs</span>
        </Link>
      )}
    </span>
  );
}

export function LastRun({ automationId, now }: { automationId: string; now: number }) {
  const { api } = useServices();
  const { element, isSeen } = useSeen();
  const { data: run } = useQuery({ ...lastRunQuery(api, automationId), enabled: isSeen });
  return (
    <span ref={element}>
      {run ? (
        <>
          <Status status={run.status} />{' '}
          <Link to={`/runs/${run.id}`} className={page.nowrap ?? ''}>
            <RelativeTime time={run.createdAt} now={now} />
          </Link>
        </>
      ) : (
        UNKNOWN
      )}
    </span>
  );
}
