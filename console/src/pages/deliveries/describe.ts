/** Describes a delivery, and lists its activity by time. */

import type { DeliveryDetail, DeliveryStatus, ProviderReport, Try } from '../../shared/api/types';
import { formatMoment } from '../../shared/ui/format';

export function isUnderWay(status: DeliveryStatus): boolean {
  return status === 'QUEUED' || status === 'PROCESSING' || status === 'RETRYING';
}

/** The API's text, but with times in the viewer's time zone. */
export function healthText({ health }: DeliveryDetail, now: number): string | null {
  if (health === null) return null;
  const until = health.until ? formatMoment(health.until, now) : null;
  if (health.state === 'RETRYING' && health.attempt) {
    const reason = health.lastError ? `: ${health.lastError}` : '';
    return `try ${health.attempt} ${until === null ? 'soon' : `at ${until}`}${reason}`;
  }
  if (health.state === 'UNKNOWN' && until !== null) {
    return `no answer from the provider; waiting for its report until ${until}`;
  }
  return health.text;
}

export interface DeliveryEvent {
  at: string;
  title: string;
  detail: string | null;
  tone: 'good' | 'bad' | 'plain';
}

const TRY_TEXTS = {
  ACCEPTED: ['accepted by the provider', 'good'],
  REFUSED: ['refused permanently by the provider', 'bad'],
  TRANSIENT: ['refused temporarily by the provider', 'bad'],
  UNKNOWN: ['no answer from the provider', 'bad'],
} as const satisfies Record<Try['outcome'], readonly [string, DeliveryEvent['tone']]>;

const REPORT_TEXTS = {
  DELIVERED: ['Provider reported: delivered', 'good'],
  BOUNCED: ['Provider reported: bounced', 'bad'],
  COMPLAINED: ['Marked as spam by the recipient', 'bad'],
  REJECTED: ['Provider reported: rejected after it was accepted', 'bad'],
  FAILED: ['Provider reported: failed', 'bad'],
  DELAYED: ['Provider reported: delayed', 'plain'],
} as const satisfies Record<ProviderReport['kind'], readonly [string, DeliveryEvent['tone']]>;

function joined(...parts: (string | null)[]): string | null {
  const known = parts.filter((part) => part !== null && part !== '');
  return known.length === 0 ? null : known.join(' · ');
}

function beginning(delivery: DeliveryDetail): DeliveryEvent {
  const { createdAt: at, resendOf, requestedBy, forced } = delivery;
  if (resendOf === null) return { at, title: 'Created by its run', detail: null, tone: 'plain' };
  return {
    at,
    title: requestedBy === null ? 'Resend requested' : `Resend requested by ${requestedBy}`,
    detail: joined(`resend of ${resendOf}`, forced ? 'gates overruled' : null),
    tone: 'plain',
  };
}

function ending(delivery: DeliveryDetail): DeliveryEvent[] {
  const { status, settledAt: at, error, gates } = delivery;
  if (at === null) return [];
  if (status === 'SUPPRESSED') {
    const closed = gates.find(({ passed }) => !passed);
    return [{ at, title: 'Blocked by a gate', detail: closed?.reason ?? null, tone: 'bad' }];
  }
  if (status === 'FAILED' || status === 'DEAD_LETTERED') {
    const title = status === 'FAILED' ? 'Failed permanently' : 'Dead-lettered after the last try';
    return [{ at, title, detail: error?.message ?? null, tone: 'bad' }];
  }
  return [];
}

/** Everything that is known about a delivery, oldest first. */
export function deliveryEvents(delivery: DeliveryDetail): DeliveryEvent[] {
  const found: DeliveryEvent[] = [
    beginning(delivery),
    ...delivery.triesLog.map(({ at, outcome, code, message }, index) => {
      const [words, tone] = TRY_TEXTS[outcome];
      return { at, title: `Try ${index + 1}: ${words}`, detail: joined(code, message), tone };
    }),
    ...delivery.reports.map(({ at, kind, code, message }) => {
      const [title, tone] = REPORT_TEXTS[kind];
      return { at, title, detail: joined(code, message), tone };
    }),
    ...ending(delivery),
  ];
  if (delivery.unknownSince !== null && isUnderWay(delivery.status)) {
    const title = 'No answer to the last try';
    found.push({ at: delivery.unknownSince, title, detail: null, tone: 'bad' });
  }
  // The sort is stable: events at the same time stay in the order above.
  return found.toSorted((one, other) => Date.parse(one.at) - Date.parse(other.at));
}
