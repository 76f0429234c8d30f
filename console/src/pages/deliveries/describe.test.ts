import { describe, expect, it } from 'vitest';
import { deliveryTitle } from '../../shared/subjects/deliveries';
import { makeDelivery } from '../../test/deliveries';
import { deliveryEvents, healthText } from './describe';

function titles(changes: Parameters<typeof makeDelivery>[0]): string[] {
  return deliveryEvents(makeDelivery(changes)).map(({ title }) => title);
}

describe('what happened to a delivery', () => {
  it('is told in the order it happened, whatever list it comes from', () => {
    const told = titles({
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
          code: null,
          message: null,
        },
      ],
    });
    expect(told).toEqual([
      'Made by its run',
      'Try 1: the provider refused the message for now',
      'Reported as delayed',
      'Try 2: the provider took the message',
    ]);
  });

  it('names the gate that suppressed it', () => {
    const [, end] = deliveryEvents(
      makeDelivery({
        status: 'SUPPRESSED',
        settledAt: '2026-03-01T10:00:05Z',
        triesLog: [],
        gates: [{ name: 'consent', passed: false, reason: 'consent was not given' }],
      }),
    );
    expect(end).toMatchObject({ title: 'Suppressed by a gate', detail: 'consent was not given' });
  });

  it('tells who asked for a resend', () => {
    const changes = { resendOf: 'dlv_0', requestedBy: 'ada@demo.example', forced: true };
    expect(deliveryEvents(makeDelivery(changes))[0]).toMatchObject({
      title: 'Asked for by ada@demo.example',
      detail: 'sends dlv_0 again · closed gates overruled',
    });
  });

  it('tells of a lost answer only while it is waited for', () => {
    const unknownSince = '2026-03-01T10:00:04Z';
    const missing = 'The answer to the last try is missing';
    expect(titles({ status: 'PROCESSING', unknownSince })).toContain(missing);
    expect(titles({ status: 'DELIVERED', unknownSince })).not.toContain(missing);
  });
});

it('the health of a retry is told in the viewer’s zone', () => {
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

it('a message to an erased contact tells nobody’s address', () => {
  const changes = { subject: null, address: '', erasedAt: '2026-03-02T10:00:00.000Z' };
  expect(deliveryTitle(makeDelivery(changes))).toBe('E-mail to an erased contact');
});
