import { describe, expect, it } from 'vitest';
import type { SourcePreset } from '../../shared/api/types';
import presets from '../../test/sourcePresets.json';
import {
  intakeOf,
  keysOf,
  missingSuggestions,
  presetOf,
  suggestionTexts,
  withSender,
} from './sources';

const PRESETS = presets as SourcePreset[];

function preset(name: string): SourcePreset {
  const found = PRESETS.find((each) => each.preset === name);
  if (!found) throw new Error(`There is no ${name}`);
  return found;
}

function needed(name: string, intake: Record<string, unknown> = {}): string[] {
  return keysOf(intake, preset(name)).map((key) => key.name);
}

it('a webhook is received by WEBHOOK triggers, and by DATE triggers that read an event', () => {
  const webhook = { triggerType: 'WEBHOOK' };
  expect(intakeOf(webhook)).toBe(webhook);
  const source = { kind: 'WEBHOOK_PAYLOAD', source: { preset: 'STRIPE' } };
  expect(intakeOf({ triggerType: 'DATE', source })).toBe(source);
  expect(presetOf(source)).toBe('STRIPE');
  expect(intakeOf({ triggerType: 'DATE', source: { kind: 'CONTACT_CREATED_AT' } })).toBeNull();
  expect(intakeOf({ triggerType: 'MANUAL' })).toBeNull();
  expect(presetOf(webhook)).toBe('RUNLEDGER');
});

describe('the keys of a sender', () => {
  it.each([
    ['STRIPE', ['secret']],
    ['SENDGRID', ['publicKey']],
    ['META', ['secret', 'verifyToken']],
    ['SNS', []],
  ])('%s needs %j', (name, keys) => {
    expect(needed(name)).toEqual(keys);
  });

  it('are those of the rule, if the trigger has one', () => {
    const rule = (scheme: string) => ({ source: { preset: 'CUSTOM', verify: { scheme } } });
    expect(needed('CUSTOM', rule('HMAC'))).toEqual(['secret']);
    expect(needed('CUSTOM', rule('PUBLIC_KEY'))).toEqual(['publicKey']);
    expect(needed('CUSTOM', rule('NONE'))).toEqual([]);
    expect(needed('CLOUDEVENTS', { source: { preset: 'CLOUDEVENTS' } })).toEqual([]);
    expect(needed('CLOUDEVENTS', rule('TOKEN'))).toEqual(['secret']);
  });

  it('of the own system is needed if its events are signed', () => {
    expect(needed('RUNLEDGER', { signed: true })).toEqual(['secret']);
    expect(needed('RUNLEDGER')).toEqual([]);
  });
});

describe('another sender', () => {
  it('keeps the other fields, and brings its own rule', () => {
    const before = { triggerType: 'WEBHOOK', signed: true, dedupePath: 'id' };
    expect(withSender(before, preset('STRIPE'))).toEqual({
      triggerType: 'WEBHOOK',
      dedupePath: 'id',
      source: { preset: 'STRIPE' },
    });
    expect(withSender(before, preset('RUNLEDGER'))).toMatchObject({ signed: true });
    expect(withSender(before, preset('CUSTOM'))).toMatchObject({
      source: { preset: 'CUSTOM', verify: { scheme: 'HMAC' } },
    });
  });

  it('suggests the fields that the trigger does not have', () => {
    const suggested = missingSuggestions({}, preset('HUBSPOT'));
    expect(suggested).toEqual({
      contactLookup: { by: 'externalId', name: 'hubspot', path: 'objectId' },
      split: '$',
      splitId: 'eventId',
    });
    expect(suggestionTexts(suggested)).toEqual([
      'The contact, found by the external id hubspot at objectId',
      'A run for each element of $',
      'The id of each element at eventId',
    ]);
    expect(missingSuggestions(suggested, preset('HUBSPOT'))).toEqual({});
    expect(missingSuggestions({ headers: ['X-Mine'] }, preset('GITHUB'))).not.toHaveProperty('headers');
  });

  it.each([
    ['email', 'The contact, found by e-mail at customer'],
    ['phone', 'The contact, found by phone number at customer'],
    ['id', 'The contact, found by id at customer'],
  ])('is said in whole messages: a lookup by %s', (by, words) => {
    expect(suggestionTexts({ contactLookup: { by, path: 'customer' } })).toEqual([words]);
  });

  it('says how many headers it suggests', () => {
    expect(suggestionTexts({ headers: ['X-Topic'] })).toEqual(['The header X-Topic']);
    expect(suggestionTexts({ headers: ['X-Topic', 'X-Id'] })).toEqual(['The headers X-Topic, X-Id']);
  });
});
