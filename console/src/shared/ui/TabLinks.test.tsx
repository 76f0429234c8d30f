import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { MemoryRouter } from 'react-router';
import { expect, it } from 'vitest';
import { BackLink } from './Detail';
import { TabLinks } from './TabLinks';

it('the back link keeps the filters of the list', async () => {
  render(
    <MemoryRouter initialEntries={[{ pathname: '/one', state: { list: '?status=ACTIVE' } }]}>
      <BackLink to="/all">All</BackLink>
      <TabLinks
        label="Views"
        current=""
        tabs={[{ key: 'other', to: '/one?tab=other', label: 'Other' }]}
      />
    </MemoryRouter>,
  );
  await userEvent.click(screen.getByRole('link', { name: 'Other' }));
  expect(screen.getByRole('link', { name: 'All' })).toHaveAttribute('href', '/all?status=ACTIVE');
});
