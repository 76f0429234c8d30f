/** Events of webhooks for tests. */

import type { CapturedEvent, KeptEvent, RefusalDetail } from '../shared/api/types';

export function makeKeptEvent(changes: Partial<KeptEvent> = {}): KeptEvent {
  return {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-shop-event': 'order.paid' },
    query: {},
    contentType: 'application/json',
    format: 'JSON',
    body: { order: { id: 'A-1' }, buyer: { mail: 'grace@customer.example' } },
    receivedAt: '2026-03-01T10:00:00.000Z',
    truncated: false,
    ...changes,
  };
}

export function makeCapturedEvent(changes: Partial<CapturedEvent> = {}): CapturedEvent {
  return {
    ...makeKeptEvent(),
    id: 'cap_1',
    outcome: 'ACCEPTED',
    status: 202,
    runIds: ['run_1'],
    refusalId: null,
    message: null,
    type: 'order.paid',
    eventId: null,
    ...changes,
  };
}

/** An event without a known contact, which is kept and was not replayed. */
export function makeRefusal(changes: Partial<RefusalDetail> = {}): RefusalDetail {
  return {
    id: 'ref_1',
    automationId: 'aut_1',
    automationName: 'Order paid',
    contactId: null,
    count: 1,
    createdAt: '2026-03-01T10:00:00.000Z',
    event: makeKeptEvent(),
    keptUntil: '2026-03-08T10:00:00.000Z',
    lastAt: '2026-03-01T10:00:00.000Z',
    message: 'the payload has no text at customer.email, which should be the contact’s email',
    reason: 'INVALID_PAYLOAD',
    replayedAt: null,
    replayedBy: null,
    replayRunIds: null,
    replayRefusalId: null,
    runId: null,
    source: '203.0.113.9',
    trigger: { type: 'WEBHOOK' },
    version: 1,
    ...changes,
  };
}
