import { expect, it } from 'vitest';
import { gateReason } from './gates';

it.each([
  ['a valid address for EMAIL', 'a valid address for e-mail'],
  ['the contact has no address for WHATSAPP', 'the contact has no address for WhatsApp'],
  ['not a valid address for SMS: no phone number', 'not a valid address for SMS: no phone number'],
  ['not a valid address for EMAIL: for EMAIL', 'not a valid address for e-mail: for EMAIL'],
  ['marketing consent was not given for EMAIL', 'marketing consent was not given for e-mail'],
  ['transactional consent was given', 'transactional consent was given'],
  ['Paid is for EMAIL', 'Paid is for e-mail'],
  ['the template Paid is for EMAIL, not WHATSAPP', 'the template Paid is for e-mail, not WhatsApp'],
  ['For EMAIL: the variable x is missing', 'For EMAIL: the variable x is missing'],
])('a reason names channels as people do: %s', (reason, words) => {
  expect(gateReason(reason)).toBe(words);
});
