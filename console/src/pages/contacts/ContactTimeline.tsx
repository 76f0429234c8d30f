import { t } from '@lingui/core/macro';
import { Button, Skeleton } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import type { Delivery, Refusal, Run, TimelineItem as TimelineEntry } from '../../shared/api/types';
import { useServices } from '../../shared/auth/services';
import { deliveryTitle } from '../../shared/subjects/deliveries';
import { RefusalReasonLabel } from '../../shared/subjects/RefusalReasonLabel';
import { Section } from '../../shared/ui/Detail';
import { ErrorNotice } from '../../shared/ui/ErrorNotice';
import { formatDuration, formatWord } from '../../shared/ui/format';
import { Status } from '../../shared/ui/Status';
import { Timeline, TimelineItem } from '../../shared/ui/Timeline';
import classes from './ContactTimeline.module.css';
import { timelineQuery } from './queries';

const TONES = { COMPLETED: 'good', DELIVERED: 'good', SENT: 'good', FAILED: 'bad' } as const;

function toneOf(status: string): 'good' | 'bad' | 'plain' {
  if (status === 'DEAD_LETTERED') return 'bad';
  return (TONES as Record<string, 'good' | 'bad' | undefined>)[status] ?? 'plain';
}

function RunItem({ run, at }: { run: Run; at: string }) {
  return (
    <TimelineItem
      at={at}
      tone={toneOf(run.status)}
      title={
        <span className={classes.title}>
          <Link to={`/runs/${run.id}`}>{t`${run.automationName} ran`}</Link>
          <Status status={run.status} />
        </span>
      }
    >
      {run.error?.message ??
        (run.durationMs === null ? null : t`Took ${formatDuration(run.durationMs)}`)}
    </TimelineItem>
  );
}

function DeliveryItem({ delivery, at }: { delivery: Delivery; at: string }) {
  return (
    <TimelineItem
      at={at}
      tone={toneOf(delivery.status)}
      title={
        <span className={classes.title}>
          <Link to={`/delivery-ops/${delivery.id}`}>{deliveryTitle(delivery)}</Link>
          <Status status={delivery.status} />
        </span>
      }
    >
      {delivery.error ?? t`${formatWord(delivery.channel)} to ${delivery.address}`}
    </TimelineItem>
  );
}

function RefusalItem({ refusal, at }: { refusal: Refusal; at: string }) {
  return (
    <TimelineItem
      at={at}
      title={
        <span className={classes.title}>
          <Link to={`/refusals/${refusal.id}`}>{t`${refusal.automationName} did not run`}</Link>
          <RefusalReasonLabel reason={refusal.reason} />
        </span>
      }
    >
      {refusal.message}
    </TimelineItem>
  );
}

function Entry({ entry: { at, run, delivery, refusal } }: { entry: TimelineEntry }) {
  if (run) return <RunItem run={run} at={at} />;
  if (delivery) return <DeliveryItem delivery={delivery} at={at} />;
  return refusal && <RefusalItem refusal={refusal} at={at} />;
}

function keyOf({ run, delivery, refusal }: TimelineEntry): string {
  return run?.id ?? delivery?.id ?? refusal?.id ?? '';
}

/** All events of a contact, newest first. */
export function ContactTimeline({ contactId }: { contactId: string }) {
  const { api } = useServices();
  const timeline = useInfiniteQuery(timelineQuery(api, contactId));
  // An entry that arrives between two reads can be on both pages.
  const entries = [
    ...new Map(
      timeline.data?.pages.flatMap(({ items }) => items).map((entry) => [keyOf(entry), entry]),
    ).values(),
  ];
  return (
    <Section title={t`Activity`}>
      {timeline.error && (
        <ErrorNotice error={timeline.error} onRetry={() => void timeline.refetch()} />
      )}
      {timeline.isPending && (
        <div role="status" aria-label={t`Loading activity`} className={classes.loading}>
          <Skeleton height={52} />
          <Skeleton height={52} />
          <Skeleton height={52} />
        </div>
      )}
      {timeline.data && entries.length === 0 && !timeline.hasNextPage && (
        <p className={classes.nothing}>
          {t`No activity yet. Runs, messages and refused triggers of this contact appear here.`}
        </p>
      )}
      {entries.length > 0 && (
        <Timeline label={t`Activity, newest first`}>
          {entries.map((entry) => (
            <Entry key={keyOf(entry)} entry={entry} />
          ))}
        </Timeline>
      )}
      {timeline.hasNextPage && (
        <Button
          variant="default"
          className={classes.more}
          loading={timeline.isFetchingNextPage}
          onClick={() => void timeline.fetchNextPage()}
        >
          {t`Load more`}
        </Button>
      )}
    </Section>
  );
}
