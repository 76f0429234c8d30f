import { describe, expect, it } from 'vitest';
import { allows } from '../shared/auth/role';
import { NAVIGATION } from './navigation';
import { ROUTES } from './routes';

describe('the navigation', () => {
  it('leads to pages that there are, and to every list page', () => {
    const reached = NAVIGATION.flatMap(({ entries }) => entries.map(({ to }) => to.slice(1)));
    const lists = ROUTES.map(({ path }) => path).filter((path) => !path.includes('/'));
    // One's own account is reached by one's name.
    expect([...reached, 'account'].toSorted()).toEqual(lists.toSorted());
  });
});

it('a role may what those below it may', () => {
  expect(allows('ADMIN', 'MEMBER')).toBe(true);
  expect(allows('VIEWER', 'MEMBER')).toBe(false);
  expect(allows('OWNER', 'OWNER')).toBe(true);
});
