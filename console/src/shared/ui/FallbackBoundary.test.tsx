import { render, screen } from '@testing-library/react';
import { expect, it, vi } from 'vitest';
import { FallbackBoundary } from './FallbackBoundary';

function Broken(): never {
  throw new Error('Its code did not arrive.');
}

it('fails alone', () => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
  render(
    <>
      <p>The page</p>
      <FallbackBoundary fallback={<p>No chart</p>}>
        <Broken />
      </FallbackBoundary>
    </>,
  );
  expect(screen.getByText('The page')).toBeVisible();
  expect(screen.getByText('No chart')).toBeVisible();
});
