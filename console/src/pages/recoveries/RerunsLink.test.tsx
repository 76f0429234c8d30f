import { render, screen } from '@testing-library/react';
import { MemoryRouter } from 'react-router';
import { describe, expect, it } from 'vitest';
import { RerunsLink } from './RerunsLink';

const COUNTS = { eligible: 3, excluded: {}, blocked: 0, completed: 0, failed: 0, canceled: 0 };

function show(opened: number) {
  const createdAt = '2026-03-01T10:00:00.000Z';
  const recovery = { id: 'rcv_1', createdAt, counts: { ...COUNTS, opened } };
  render(<RerunsLink recovery={recovery} />, { wrapper: MemoryRouter });
}

describe('the link from a recovery to its reruns', () => {
  it('lists them from the time of the recovery', () => {
    show(3);
    const address = screen.getByRole('link', { name: 'Run history' }).getAttribute('href') ?? '';
    const query = new URL(address, 'http://console').searchParams;
    expect(Object.fromEntries(query)).toEqual({
      recoveryId: 'rcv_1',
      from: '2026-03-01T10:00:00.000Z',
    });
  });

  it('is missing before the first rerun', () => {
    show(0);
    expect(screen.queryByRole('link')).toBeNull();
  });
});
