/** Describes a delivery, and lists its activity by time. */

import { t } from '@lingui/core/macro';
import type { DeliveryDetail, DeliveryStatus, ProviderReport, Try } from '../../shared/api/types';
import { bounceReason } from '../../shared/subjects/deliveries';
import { gateReason } from '../../shared/subjects/gates';
import { formatMoment } from '../../shared/ui/format';

export function isUnderWay(status: DeliveryStatus): boolean {
  return status === 'QUEUED' || status === 'PROCESSING' || status === 'RETRYING';
}

/** The API's text, but with times in the viewer's time zone. */
export function healthText({ health }: DeliveryDetail, now: number): string | null {
  if (health === null) return null;
  const until = health.until ? formatMoment(health.until, now) : null;
  if (health.state === 'RETRYING' && health.attempt) {
    const { attempt, lastError } = health;
    const words = until === null ? t`try ${attempt} soon` : t`try ${attempt} at ${until}`;
    return lastError ? `${words}: ${lastError}` : words;
  }
  if (health.state === 'UNKNOWN' && until !== null) {
    return t`no answer from the provider; waiting for its report until ${until}`;
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
  ACCEPTED: [t`accepted by the provider`, 'good'],
  REFUSED: [t`refused permanently by the provider`, 'bad'],
  TRANSIENT: [t`refused temporarily by the provider`, 'bad'],
  UNKNOWN: [t`no answer from the provider`, 'bad'],
} as const satisfies Record<Try['outcome'], readonly [string, DeliveryEvent['tone']]>;

const REPORT_TEXTS = {
  DELIVERED: [t`Provider reported: delivered`, 'good'],
  BOUNCED: [t`Provider reported: bounced`, 'bad'],
  COMPLAINED: [t`Marked as spam by the recipient`, 'bad'],
  REJECTED: [t`Provider reported: first accepted, then rejected`, 'bad'],
  FAILED: [t`Provider reported: failed`, 'bad'],
  DELAYED: [t`Provider reported: delayed`, 'plain'],
} as const satisfies Record<ProviderReport['kind'], readonly [string, DeliveryEvent['tone']]>;

function joined(...parts: (string | null)[]): string | null {
  const known = parts.filter((part) => part !== null && part !== '');
  return known.length === 0 ? null : known.join(' · ');
}

function beginning(delivery: DeliveryDetail): DeliveryEvent {
  const { createdAt: at, resendOf, requestedBy, forced, isTest } = delivery;
  if (isTest) return { at, title: t`Template test requested`, detail: null, tone: 'plain' };
  if (resendOf === null) return { at, title: t`Created by its run`, detail: null, tone: 'plain' };
  return {
    at,
    title: requestedBy === null ? t`Resend requested` : t`Resend requested by ${requestedBy}`,
    detail: joined(t`resend of ${resendOf}`, forced ? t`gates overruled` : null),
    tone: 'plain',
  };
}

/** A bounce of most kinds says nothing about the next message to this address. */
function failure({ bounce }: DeliveryDetail): string {
  if (bounce === null) return t`Failed permanently`;
  return bounce === 'PERMANENT' ? t`Failed: ${bounceReason(bounce)}` : t`Not delivered`;
}

function ending(delivery: DeliveryDetail): DeliveryEvent[] {
  const { status, settledAt: at, error, gates } = delivery;
  if (at === null) return [];
  if (status === 'SUPPRESSED') {
    const closed = gates.find(({ passed }) => !passed);
    const detail = closed ? gateReason(closed.reason) : null;
    return [{ at, title: t`Blocked by a gate`, detail, tone: 'bad' }];
  }
  if (status === 'FAILED' || status === 'DEAD_LETTERED') {
    const title = status === 'FAILED' ? failure(delivery) : t`Dead-lettered after the last try`;
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
      return { at, title: t`Try ${index + 1}: ${words}`, detail: joined(code, message), tone };
    }),
    ...delivery.reports.map(({ at, kind, bounce, code, message }) => {
      const [words, tone] = REPORT_TEXTS[kind];
      const title = bounce === null ? words : `${words}, ${bounceReason(bounce)}`;
      return { at, title, detail: joined(code, message), tone };
    }),
    ...ending(delivery),
  ];
  if (delivery.unknownSince !== null && isUnderWay(delivery.status)) {
    const title = t`No answer to the last try`;
    found.push({ at: delivery.unknownSince, title, detail: null, tone: 'bad' });
  }
  // The sort is stable: events at the same time stay in the order above.
  return found.toSorted((one, other) => Date.parse(one.at) - Date.parse(other.at));
}
