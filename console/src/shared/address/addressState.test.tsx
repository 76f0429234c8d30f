import { act, renderHook, waitFor } from '@testing-library/react';
import type { ReactNode } from 'react';
import { BrowserRouter, useLocation, useNavigate } from 'react-router';
import { describe, expect, it } from 'vitest';
import { defineAddress, useAddressState, useAddressWith } from './addressState';
import { choice, choiceOr, text, texts, typedText } from './parameters';

const PAGE = defineAddress({
  tab: choice(['versions']),
  range: choiceOr(['24h', '7d'], '7d'),
  node: text(),
  search: typedText(),
  step: texts(),
});

describe('a declared address', () => {
  const shown = {
    tab: 'versions',
    range: '24h',
    node: 'a&b=c',
    search: 'order ',
    step: ['big', 'score', 'big?'],
  } as const;

  it('opens the view it was copied from', () => {
    const { pathname, search } = new URL(PAGE.address('/x', shown), 'https://console.example');
    expect(pathname).toBe('/x');
    expect(PAGE.read(search)).toEqual(shown);
  });

  it('has no defaults and no blank values', () => {
    expect(PAGE.address('/x', PAGE.none)).toBe('/x');
    expect(PAGE.address('/x', { range: '7d', search: '  ' })).toBe('/x');
  });

  it('keeps other parameters and their order', () => {
    expect(PAGE.write('?range=24h&other=1&step=a', { node: 'n', step: ['b', 'c'] })).toBe(
      'range=24h&other=1&step=b&node=n&step=c',
    );
    expect(PAGE.write('?range=24h&other=1&step=a', PAGE.none)).toBe('other=1');
  });

  it('ignores values that are not valid', () => {
    expect(PAGE.read('?tab=other&range=1y&node=%20&unknown=1')).toEqual(PAGE.none);
  });
});

describe('the state of a page', () => {
  function page(first: { pathname: string; search: string; state: unknown }) {
    window.history.pushState(null, '', '/before');
    const { pathname, search, state } = first;
    window.history.pushState({ usr: state, key: 'first', idx: 1 }, '', pathname + search);
    const wrapper = ({ children }: { children: ReactNode }) => <BrowserRouter>{children}</BrowserRouter>;
    const { result } = renderHook(
      () => ({
        state: useAddressState(PAGE),
        addressWith: useAddressWith(PAGE),
        location: useLocation(),
        navigate: useNavigate(),
      }),
      { wrapper },
    );
    return result;
  }
  const FIRST = { pathname: '/page', search: '?other=1', state: { list: '?status=FAILED' } };

  it('follows its address, and a change keeps the way back', () => {
    const result = page(FIRST);
    act(() => {
      result.current.state[1]({ node: 'score' }, 'push');
    });
    expect(result.current.location).toMatchObject({
      pathname: '/page',
      search: '?other=1&node=score',
      state: FIRST.state,
    });
    expect(result.current.state[0].node).toBe('score');
    expect(result.current.addressWith({ node: null, tab: 'versions' })).toBe(
      '/page?other=1&tab=versions',
    );
  });

  it.each([
    ['push', '/page'],
    ['replace', '/before'],
  ] as const)('after a %s, Back leads to %s', async (how, path) => {
    const result = page(FIRST);
    act(() => {
      result.current.state[1](({ step }) => ({ step: [...step, 'big'] }), how);
    });
    expect(result.current.location.search).toBe('?other=1&step=big');
    act(() => {
      void result.current.navigate(-1);
    });
    await waitFor(() => {
      expect(result.current.location.pathname).toBe(path);
    });
  });

  it('keeps both of two changes before the next render', () => {
    const result = page(FIRST);
    const [, change] = result.current.state;
    act(() => {
      change({ range: '24h' }, 'push');
      change({ node: 'score' }, 'push');
    });
    expect(result.current.location.search).toBe('?other=1&range=24h&node=score');
  });

  it('does not go back to a page that the user left', () => {
    const result = page(FIRST);
    const [, change] = result.current.state;
    act(() => {
      void result.current.navigate('/next?other=2');
      change({ node: 'score' }, 'replace');
    });
    expect(result.current.location).toMatchObject({ pathname: '/next', search: '?other=2' });
  });
});
