/** A delivery's facts in words, and what happened to it in the order it happened. */

import type { DeliveryDetail, DeliveryStatus, ProviderReport, Try } from '../../shared/api/types';
import { formatMoment } from '../../shared/ui/format';

export function isUnderWay(status: DeliveryStatus): boolean {
  return status === 'QUEUED' || status === 'PROCESSING' || status === 'RETRYING';
}

/** The API's own words, but for moments: those are told in the viewer's zone. */
export function healthText({ health }: DeliveryDetail, now: number): string | null {
  if (health === null) return null;
  const until = health.until ? formatMoment(health.until, now) : null;
  if (health.state === 'RETRYING' && health.attempt) {
    const reason = health.lastError ? `: ${health.lastError}` : '';
    return `try ${health.attempt} ${until === null ? 'soon' : `at ${until}`}${reason}`;
  }
  if (health.state === 'UNKNOWN' && until !== null) {
    return `the provider’s answer was lost; what it reports is waited for until ${until}`;
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
  ACCEPTED: ['the provider took the message', 'good'],
  REFUSED: ['the provider refused the message for good', 'bad'],
  TRANSIENT: ['the provider refused the message for now', 'bad'],
  UNKNOWN: ['the provider’s answer was lost', 'bad'],
} as const satisfies Record<Try['outcome'], readonly [string, DeliveryEvent['tone']]>;

const REPORT_TEXTS = {
  DELIVERED: ['Reported as delivered', 'good'],
  BOUNCED: ['Reported as bounced', 'bad'],
  COMPLAINED: ['Its reader complained of it', 'bad'],
  REJECTED: ['The provider rejected it after it had taken it', 'bad'],
  FAILED: ['Reported as failed', 'bad'],
  DELAYED: ['Reported as delayed', 'plain'],
} as const satisfies Record<ProviderReport['kind'], readonly [string, DeliveryEvent['tone']]>;

function joined(...parts: (string | null)[]): string | null {
  const told = parts.filter((part) => part !== null && part !== '');
  return told.length === 0 ? null : told.join(' · ');
}

function beginning(delivery: DeliveryDetail): DeliveryEvent {
  const { createdAt: at, resendOf, requestedBy, forced } = delivery;
  if (resendOf === null) return { at, title: 'Made by its run', detail: null, tone: 'plain' };
  return {
    at,
    title: requestedBy === null ? 'Asked to be sent again' : `Asked for by ${requestedBy}`,
    detail: joined(`sends ${resendOf} again`, forced ? 'closed gates overruled' : null),
    tone: 'plain',
  };
}

function ending(delivery: DeliveryDetail): DeliveryEvent[] {
  const { status, settledAt: at, error, gates } = delivery;
  if (at === null) return [];
  if (status === 'SUPPRESSED') {
    const closed = gates.find(({ passed }) => !passed);
    return [{ at, title: 'Suppressed by a gate', detail: closed?.reason ?? null, tone: 'bad' }];
  }
  if (status === 'FAILED' || status === 'DEAD_LETTERED') {
    const title = status === 'FAILED' ? 'Failed for good' : 'Given up after its last try';
    return [{ at, title, detail: error?.message ?? null, tone: 'bad' }];
  }
  return [];
}

/** Everything that is known to have happened to a delivery, the oldest first. */
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
    const title = 'The answer to the last try is missing';
    found.push({ at: delivery.unknownSince, title, detail: null, tone: 'bad' });
  }
  // Stable: what happened at the same moment stays in the order above.
  return found.toSorted((one, other) => Date.parse(one.at) - Date.parse(other.at));
}
