import { describe, expect, it } from 'vitest';
import { eventWarning, mergeEvents } from './recordedEvents';

const ABOUT = { code: 'NOT_IN_SAMPLE', nodeId: 'thanks', edge: null, field: 'channels.0.templateId' };

describe('recorded events', () => {
  it('are one sample with everything that any of them had; the newest wins', () => {
    const found = mergeEvents([
      { order: { id: 'A-2', items: [{ sku: 'x' }] }, note: null },
      { order: { id: 'A-1', total: 12, items: [{ price: 4 }, { sku: 'y' }] }, note: 'Ring twice' },
    ]);
    expect(found).toEqual({
      count: 2,
      sample: {
        order: { id: 'A-2', total: 12, items: [{ sku: 'x', price: 4 }, { sku: 'y' }] },
        note: 'Ring twice',
      },
    });
  });

  it('are left out from the oldest if the sample would be too large', () => {
    const large = (name: string) =>
      Object.fromEntries(Array.from({ length: 70 }, (_, index) => [`${name}${index}`, 'x'.repeat(300)]));
    expect(mergeEvents([large('a'), large('b')])?.count).toBe(1);
    expect(mergeEvents([{ ...large('a'), ...large('b') }])).toBeNull();
    expect(mergeEvents([])).toBeNull();
  });

  it('are named in the warning, with template, part and variable', () => {
    const message =
      "In the subject of template 'Thank you': `trigger.name` has no value in the trigger's sample event; check.";
    expect(eventWarning({ ...ABOUT, message }, 5)).toEqual({
      ...ABOUT,
      code: 'NOT_IN_EVENTS',
      about: message,
      message:
        'The subject of the template “Thank you” uses the value trigger.name. None of the last 5 recorded events had this value. A run without this value fails.',
    });
    const own = "`trigger.items[0].sku` has no value in the trigger's sample event; check.";
    expect(eventWarning({ ...ABOUT, message: own }, 1)?.message).toBe(
      'This text uses the value trigger.items[0].sku. The last recorded event did not have this value. A run without this value fails.',
    );
    expect(eventWarning({ ...ABOUT, code: 'REPLAY_POSSIBLE', message: own }, 1)).toBeNull();
  });
});
