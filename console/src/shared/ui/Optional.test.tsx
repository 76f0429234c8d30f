import { render, screen } from '@testing-library/react';
import { expect, it, vi } from 'vitest';
import { Optional } from './Optional';

function Broken(): never {
  throw new Error('Its code did not arrive.');
}

it('fails alone', () => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
  render(
    <>
      <p>The page</p>
      <Optional fallback={<p>No chart</p>}>
        <Broken />
      </Optional>
    </>,
  );
  expect(screen.getByText('The page')).toBeVisible();
  expect(screen.getByText('No chart')).toBeVisible();
});
