import { expect, it } from 'vitest';
import type { Contact } from '../api/types';
import { namedContact, personName } from './contacts';

it('a pasted contact is an id, an e-mail address, a phone number or an external id', () => {
  expect(namedContact(' ada@example.com ')).toEqual({ email: 'ada@example.com' });
  expect(namedContact('con_01JZ5B')).toEqual({ contactId: 'con_01JZ5B' });
  expect(namedContact('+49 151 1')).toEqual({ phone: '+49 151 1' });
  expect(namedContact('tel:+49 151 1')).toEqual({ phone: 'tel:+49 151 1' });
  const external = { name: 'stripe', value: 'a:b@c' };
  expect(namedContact('stripe: a:b@c ')).toEqual({ externalId: external });
});

it('a contact without a name is called by what identifies it', () => {
  const nobody: Contact = {
    id: 'con_1',
    revision: 1,
    email: null,
    phone: null,
    externalIds: {},
    firstName: null,
    lastName: '',
    tags: [],
    consents: { marketing: false, transactional: true },
    metadata: {},
    createdAt: '2026-03-01T10:00:00.000Z',
    updatedAt: '2026-03-01T10:00:00.000Z',
  };
  expect(personName(nobody)).toBe('con_1');
  const customer = { ...nobody, externalIds: { stripe: 'cus_1', shop: '7' } };
  expect(personName(customer)).toBe('stripe:cus_1');
  expect(personName({ ...customer, phone: '+49151' })).toBe('+49151');
  expect(personName({ ...customer, firstName: 'Ada', lastName: 'King' })).toBe('Ada King');
});
