/** The senders of webhooks: which one a trigger names, and which keys prove its events. */

import { plural, t } from '@lingui/core/macro';
import type { SourcePreset } from '../../shared/api/types';

export type Facts = Record<string, unknown>;

/** The sender of a trigger that names none. */
export const OWN_SYSTEM = 'RUNLEDGER';

export function isFacts(value: unknown): value is Facts {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The part of a trigger's config that says how webhooks are received; null without one. */
export function intakeOf(trigger: Facts): Facts | null {
  const { triggerType, source } = trigger;
  if (triggerType === 'WEBHOOK') return trigger;
  const isDate = triggerType === 'DATE' && isFacts(source) && source.kind === 'WEBHOOK_PAYLOAD';
  return isDate ? source : null;
}

export function presetOf(intake: Facts): string {
  const { source } = intake;
  return isFacts(source) && typeof source.preset === 'string' ? source.preset : OWN_SYSTEM;
}

export type KeyName = 'secret' | 'publicKey' | 'verifyToken';
export type KeyFacts = NonNullable<SourcePreset['secret']>;

export interface NeededKey {
  name: KeyName;
  facts: KeyFacts;
}

const SECRET: KeyFacts = {
  name: t`Secret`,
  where: t`in the sender’s settings`,
  chosenBy: 'RUNLEDGER',
  prefix: '',
};
const PUBLIC_KEY: KeyFacts = { ...SECRET, name: t`Public key`, chosenBy: 'SENDER' };

/** The keys of a sender whose rule is written in the trigger. */
function keysOfRule(verify: unknown, preset: SourcePreset): NeededKey[] {
  const scheme = isFacts(verify) ? verify.scheme : undefined;
  switch (scheme) {
    case 'HMAC':
    case 'TOKEN':
    case 'BASIC':
      return [{ name: 'secret', facts: preset.secret ?? SECRET }];
    case 'PUBLIC_KEY':
      return [{ name: 'publicKey', facts: preset.publicKey ?? PUBLIC_KEY }];
    default:
      return [];
  }
}

/** The keys that prove the events of a trigger's sender. */
export function keysOf(intake: Facts, preset: SourcePreset): NeededKey[] {
  if (preset.preset === OWN_SYSTEM && intake.signed !== true) return [];
  if (preset.preset === 'CUSTOM' || preset.preset === 'CLOUDEVENTS') {
    return keysOfRule(isFacts(intake.source) ? intake.source.verify : undefined, preset);
  }
  const { secret, publicKey, verifyToken } = preset;
  const all: [KeyName, KeyFacts | null][] = [
    ['secret', secret],
    ['publicKey', publicKey],
    ['verifyToken', verifyToken],
  ];
  return all.flatMap(([name, facts]) => (facts ? [{ name, facts }] : []));
}

/** The config's part for another sender: its example rule, and what is signed. */
export function withSender(intake: Facts, preset: SourcePreset): Facts {
  const { source, signed } = preset.example;
  const rest = Object.fromEntries(Object.entries(intake).filter(([name]) => name !== 'signed'));
  return { ...rest, source, ...(signed === true && { signed }) };
}

/** The fields that usually fit the sender's events and that the trigger does not have yet. */
export function missingSuggestions(intake: Facts, preset: SourcePreset): Facts {
  const { contactLookup, split, splitId, headers } = preset;
  const lookup = contactLookup && {
    by: contactLookup.by,
    ...(contactLookup.name !== null && { name: contactLookup.name }),
    path: contactLookup.path,
  };
  const known = Array.isArray(intake.headers) ? (intake.headers as unknown[]) : [];
  const suggested: Facts = {
    ...(lookup && { contactLookup: lookup }),
    ...(split !== null && { split }),
    ...(splitId !== null && { splitId }),
    ...(headers.length > 0 && known.length === 0 && { headers }),
  };
  return Object.fromEntries(
    Object.entries(suggested).filter(
      ([name]) => intake[name] === undefined || intake[name] === null || name === 'headers',
    ),
  );
}

function lookupText({ by, name, path }: Facts): string {
  const place = String(path);
  switch (by) {
    case 'email':
      return t`The contact, found by e-mail at ${place}`;
    case 'phone':
      return t`The contact, found by phone number at ${place}`;
    case 'externalId':
      return t`The contact, found by the external id ${String(name)} at ${place}`;
    default:
      return t`The contact, found by id at ${place}`;
  }
}

/** `The contact, found by e-mail at customer.email`, `The headers X-Topic, X-Id` */
export function suggestionTexts(suggested: Facts): string[] {
  const { contactLookup, split, splitId, headers } = suggested;
  const texts: string[] = [];
  if (isFacts(contactLookup)) texts.push(lookupText(contactLookup));
  if (typeof split === 'string') texts.push(t`A run for each element of ${split}`);
  if (typeof splitId === 'string') texts.push(t`The id of each element at ${splitId}`);
  if (Array.isArray(headers)) {
    const names = headers.join(', ');
    texts.push(plural(headers.length, { one: `The header ${names}`, other: `The headers ${names}` }));
  }
  return texts;
}
