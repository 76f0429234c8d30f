import { describe, expect, it } from 'vitest';
import { allows } from '../shared/auth/role';
import { NAVIGATION } from './navigation';
import { ROUTES } from './routes';

describe('the navigation', () => {
  it('leads to existing pages, and to every list page', () => {
    const reached = NAVIGATION.flatMap(({ entries }) => entries.map(({ to }) => to.slice(1)));
    const lists = ROUTES.map(({ path }) => path).filter((path) => !path.includes('/'));
    // The account page is reached through the user's name.
    expect([...reached, 'account'].toSorted()).toEqual(lists.toSorted());
  });
});

it('a role may do what the lower roles may', () => {
  expect(allows('ADMIN', 'MEMBER')).toBe(true);
  expect(allows('VIEWER', 'MEMBER')).toBe(false);
  expect(allows('OWNER', 'OWNER')).toBe(true);
});
