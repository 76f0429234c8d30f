import { describe, expect, it } from 'vitest';
import { deliveryTitle } from '../../shared/subjects/deliveries';
import { makeDelivery } from '../../test/deliveries';
import { deliveryEvents, healthText } from './describe';

function titles(changes: Parameters<typeof makeDelivery>[0]): string[] {
  return deliveryEvents(makeDelivery(changes)).map(({ title }) => title);
}

describe('the activity of a delivery', () => {
  it('is sorted by time, across tries and reports', () => {
    const shown = titles({
      triesLog: [
        {
          at: '2026-03-01T10:00:02Z',
          outcome: 'TRANSIENT',
          code: 'Throttling',
          message: 'Slow down',
          providerId: null,
        },
        {
          at: '2026-03-01T10:05:00Z',
          outcome: 'ACCEPTED',
          code: null,
          message: null,
          providerId: 'm-1',
        },
      ],
      reports: [
        {
          at: '2026-03-01T10:03:00Z',
          kind: 'DELAYED',
          isPermanent: false,
          bounce: null,
          code: null,
          message: null,
        },
      ],
    });
    expect(shown).toEqual([
      'Created by its run',
      'Try 1: refused temporarily by the provider',
      'Provider reported: delayed',
      'Try 2: accepted by the provider',
    ]);
  });

  it('says why a message bounced, and that a later one may arrive', () => {
    const report = {
      at: '2026-03-01T10:00:05Z',
      kind: 'BOUNCED',
      isPermanent: false,
      bounce: 'MAILBOX_FULL',
      code: 'Transient/MailboxFull',
      message: null,
    } as const;
    const failed = { status: 'FAILED', settledAt: '2026-03-01T10:00:06Z' } as const;
    expect(titles({ ...failed, bounce: 'MAILBOX_FULL', reports: [report] }).slice(2)).toEqual([
      'Provider reported: bounced, mailbox full',
      'Not delivered',
    ]);
    expect(titles({ ...failed, bounce: 'PERMANENT' })).toContain(
      'Failed: address cannot receive messages',
    );
    expect(titles(failed)).toContain('Failed permanently');
  });

  it('names the gate that blocked it', () => {
    const [, end] = deliveryEvents(
      makeDelivery({
        status: 'SUPPRESSED',
        settledAt: '2026-03-01T10:00:05Z',
        triesLog: [],
        gates: [{ name: 'consent', passed: false, reason: 'consent was not given' }],
      }),
    );
    expect(end).toMatchObject({ title: 'Blocked by a gate', detail: 'consent was not given' });
  });

  it('shows who requested a resend', () => {
    const changes = { resendOf: 'dlv_0', requestedBy: 'ada@demo.example', forced: true };
    expect(deliveryEvents(makeDelivery(changes))[0]).toMatchObject({
      title: 'Resend requested by ada@demo.example',
      detail: 'resend of dlv_0 · gates overruled',
    });
  });

  it('shows a missing answer only while the delivery waits for it', () => {
    const unknownSince = '2026-03-01T10:00:04Z';
    const missing = 'No answer to the last try';
    expect(titles({ status: 'PROCESSING', unknownSince })).toContain(missing);
    expect(titles({ status: 'DELIVERED', unknownSince })).not.toContain(missing);
  });
});

it('the health of a retry uses the viewer’s time zone', () => {
  const until = new Date('2026-03-01T14:05:00');
  const now = new Date('2026-03-01T14:00:00').getTime();
  const health = {
    state: 'RETRYING',
    text: 'try 2 of 5 at …Z',
    until: until.toISOString(),
    attempt: 2,
    lastError: 'Throttled',
  };
  expect(healthText(makeDelivery({ health }), now)).toBe('try 2 at 14:05: Throttled');
});

it('a message to an erased contact shows no address', () => {
  const changes = { subject: null, address: '', erasedAt: '2026-03-02T10:00:00.000Z' };
  expect(deliveryTitle(makeDelivery(changes))).toBe('E-mail to an erased contact');
});
