// @vitest-environment jsdom
import { act, render, screen } from '@testing-library/react';
import { Component, type ReactNode } from 'react';
import { expect, it, vi } from 'vitest';
import { lazyComponent } from './lazyComponent';

function Greeting({ name }: { name: string }) {
  return <p>Hello {name}</p>;
}

function greeting() {
  let finish: (found: { default: typeof Greeting }) => void = () => undefined;
  let fail: (error: Error) => void = () => undefined;
  const importIt = vi.fn(
    () =>
      new Promise<{ default: typeof Greeting }>((resolve, reject) => {
        finish = resolve;
        fail = reject;
      }),
  );
  const lazy = lazyComponent(importIt, <p>Loading</p>);
  return {
    ...lazy,
    importIt,
    finish: () => {
      finish({ default: Greeting });
    },
    fail: () => {
      fail(new Error('no such file'));
    },
  };
}

class Boundary extends Component<{ children: ReactNode }, { message: string | null }> {
  override state: { message: string | null } = { message: null };
  static getDerivedStateFromError(error: Error) {
    return { message: error.message };
  }
  override render() {
    return this.state.message ?? this.props.children;
  }
}

it('shows the placeholder until the code is there, and no longer', async () => {
  vi.useFakeTimers();
  const lazy = greeting();
  render(<lazy.Component name="Ada" />);
  expect(screen.getByText('Loading')).toBeTruthy();
  // No time passes here: only promises settle.
  await act(async () => {
    lazy.finish();
    await Promise.resolve();
  });
  expect(screen.getByText('Hello Ada')).toBeTruthy();
  vi.useRealTimers();
});

it('draws at once what was loaded before, and loads it once', async () => {
  const lazy = greeting();
  lazy.load();
  lazy.load();
  await act(async () => {
    lazy.finish();
    await Promise.resolve();
  });
  render(<lazy.Component name="Grace" />);
  expect(screen.getByText('Hello Grace')).toBeTruthy();
  expect(lazy.importIt).toHaveBeenCalledTimes(1);
});

it('throws if the code cannot be loaded', async () => {
  const lazy = greeting();
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
  render(
    <Boundary>
      <lazy.Component name="Ada" />
    </Boundary>,
  );
  await act(async () => {
    lazy.fail();
    await Promise.resolve();
  });
  expect(screen.getByText('no such file')).toBeTruthy();
  vi.restoreAllMocks();
});
