import { expect, it } from 'vitest';
import { namedContact } from './contacts';

it('a pasted contact is an id, an e-mail address, a phone number or an external id', () => {
  expect(namedContact(' ada@example.com ')).toEqual({ email: 'ada@example.com' });
  expect(namedContact('con_01JZ5B')).toEqual({ contactId: 'con_01JZ5B' });
  expect(namedContact('+49 151 1')).toEqual({ phone: '+49 151 1' });
  expect(namedContact('tel:+49 151 1')).toEqual({ phone: 'tel:+49 151 1' });
  const external = { name: 'stripe', value: 'a:b@c' };
  expect(namedContact('stripe: a:b@c ')).toEqual({ externalId: external });
});
