import { describe, expect, it } from 'vitest';
import type { CapturedEvent, Refusal } from '../../shared/api/types';
import { makeRun } from '../../test/server';
import { documentOf, eventRows, triggerBody } from './events';
import { madeUp } from './madeUp';
import { baseOf, partOf } from './pickedPart';

const REFUSAL: Refusal = {
  id: 'ref_1',
  automationId: 'aut_1',
  automationName: 'Order paid',
  contactId: null,
  count: 1,
  createdAt: '2026-03-01T10:00:00.000Z',
  keptUntil: '2026-03-08T10:00:00.000Z',
  lastAt: '2026-03-01T10:00:00.000Z',
  message: 'no contact has this email',
  reason: 'NO_CONTACT',
  runId: null,
  source: '203.0.113.9',
  trigger: { type: 'WEBHOOK' },
  version: 1,
};
const CAPTURED: CapturedEvent = {
  id: 'cap_1',
  receivedAt: '2026-03-01T10:00:00.000Z',
  outcome: 'REFUSED',
  status: 422,
  runIds: [],
  refusalId: 'ref_1',
  message: 'no contact has this email',
  method: 'POST',
  headers: {},
  query: {},
  contentType: 'application/json',
  format: 'JSON',
  body: {},
  truncated: false,
  type: 'order.paid',
  eventId: null,
};

describe('the list of events', () => {
  it('has the newest first, and says what happened', () => {
    const run = makeRun({ id: 'run_1', createdAt: '2026-03-01T11:00:00.000Z' });
    const rows = eventRows([], [REFUSAL], [run]);
    expect(rows.map(({ key, text }) => [key, text])).toEqual([
      ['run:run_1', 'Run: completed'],
      ['refusal:ref_1', 'No contact: no contact has this email'],
    ]);
  });

  it('has an event once, even if it was captured and refused, or captured and accepted', () => {
    const accepted: CapturedEvent = {
      ...CAPTURED,
      id: 'cap_2',
      outcome: 'ACCEPTED',
      runIds: ['run_1'],
      refusalId: null,
    };
    const rows = eventRows([CAPTURED, accepted], [REFUSAL], [makeRun({ id: 'run_1' })]);
    expect(rows.map(({ key }) => key).sort()).toEqual(['captured:cap_1', 'captured:cap_2']);
    expect(rows.find(({ key }) => key === 'captured:cap_1')?.text).toBe(
      'order.paid: no contact has this email',
    );
  });

  it('says of a refusal whose event was not kept that it cannot be read', () => {
    const [row] = eventRows([], [{ ...REFUSAL, keptUntil: null, count: 4 }], []);
    expect(row).toMatchObject({ isKept: false, text: 'No contact: no contact has this email, 4 times' });
  });
});

describe('the document of an event', () => {
  const FORM = 'application/x-www-form-urlencoded; charset=utf-8';

  it('has the fields of a form, and lists for repeated names', () => {
    expect(documentOf('From=%2B49151&tag=a&tag=b+c&tag=d&empty=', FORM)).toEqual({
      From: '+49151',
      tag: ['a', 'b c', 'd'],
      empty: '',
    });
    expect(documentOf('x=%E0%A4%A', FORM)).toBe('x=%E0%A4%A');
    expect(documentOf('a=b', 'text/plain')).toBe('a=b');
  });

  it('is what texts read: a list as items, a scalar as value', () => {
    expect(triggerBody([1])).toEqual({ items: [1] });
    expect(triggerBody('x')).toEqual({ value: 'x' });
    expect(triggerBody({ x: 1 })).toEqual({ x: 1 });
  });
});

describe('paths', () => {
  const event = { items: [{ id: 1, mail: 'ada@example.com' }, { id: 2 }] };

  it('begin at the event, or at an element if the event is split', () => {
    expect(partOf(event, 'RUN', {})).toEqual({ value: event, note: null });
    const part = partOf(event, 'RUN', { split: 'items' });
    expect(part.value).toEqual(event.items[0]);
    expect(part.note).toMatch(/Element 1 of 2/);
    expect(partOf([5], 'RUN', { split: '$' }).value).toEqual({ value: 5 });
    expect(partOf([5], 'ELEMENT', { split: '$' }).value).toBe(5);
  });

  it('of the list to split and of the sender’s rule always begin at the event', () => {
    expect([baseOf('split'), baseOf('source.eventId.path')]).toEqual(['WHOLE', 'WHOLE']);
    expect([baseOf('splitId'), baseOf('contactLookup.path')]).toEqual(['ELEMENT', 'RUN']);
    expect(partOf(event, 'WHOLE', { split: 'items' }).value).toBe(event);
  });

  it('begin at what one run gets if the list to split is missing', () => {
    expect(partOf([1], 'RUN', { split: 'nothing' }).value).toEqual({ items: [1] });
  });
});

it('a made-up event has the shape of the real one, and nobody’s data', () => {
  const real = {
    customer: { name: 'Grace Hopper', email: 'grace@navy.example', phone: '+1 202 555 0100' },
    total: 12.5,
    paid: true,
    id: 4915112345,
    at: '2026-03-01T10:00:00Z',
    due: '2026-03-01',
    link: 'https://shop.example/orders/grace',
    lines: [1, 2, 3, 4, 5],
    'grace@navy.example': 'x',
    note: null,
  };
  const example = madeUp(real);
  expect(example).toEqual({
    customer: { name: 'text', email: 'ada@example.com', phone: '+4915112345678' },
    total: 12.5,
    paid: true,
    id: 1_000_000,
    at: '2030-01-31T09:00:00Z',
    due: '2030-01-31',
    link: 'https://example.com/',
    lines: [1, 2, 3],
    note: null,
  });
  expect(JSON.stringify(example)).not.toMatch(/grace/i);
});
