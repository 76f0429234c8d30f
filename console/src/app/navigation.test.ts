import { describe, expect, it } from 'vitest';
import { allows } from '../shared/auth/role';
import { NAVIGATION } from './navigation';
import { routeAt, ROUTES } from './routes';

describe('the navigation', () => {
  it('leads to existing pages, and to every list page', () => {
    const reached = NAVIGATION.flatMap(({ entries }) => entries.map(({ to }) => to.slice(1)));
    const lists = ROUTES.map(({ path }) => path).filter((path) => !path.includes('/'));
    // The account page is reached through the user's name.
    expect([...reached, 'account'].toSorted()).toEqual(lists.toSorted());
  });
});

describe('the route at an address', () => {
  it.each([
    ['/', ''],
    ['/runs', 'runs'],
    ['/runs/', 'runs'],
    ['/automations/new', 'automations/new'],
    ['/automations/atm_1', 'automations/:automationId'],
    ['/runs/run_1/compare/run_2', 'runs/:runId/compare/:otherId'],
    ['/runs/run_1/other', undefined],
    ['/nowhere', undefined],
  ])('%s is %s', (pathname, path) => {
    expect(routeAt(pathname)?.path).toBe(path);
  });
});

it('a role may do what the lower roles may', () => {
  expect(allows('ADMIN', 'MEMBER')).toBe(true);
  expect(allows('VIEWER', 'MEMBER')).toBe(false);
  expect(allows('OWNER', 'OWNER')).toBe(true);
});
