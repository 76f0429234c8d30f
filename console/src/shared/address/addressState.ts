/**
 * What a page shows, as its address tells it. Every search parameter of the console is declared,
 * read and written through here, which lint holds: so a copied address opens the same view.
 */

import { useCallback, useMemo } from 'react';
import { type Location, useLocation, useNavigate } from 'react-router';
import type { Parameter } from './parameters';

export type Declared = Readonly<Record<string, Parameter>>;

export type ValuesOf<Parameters extends Declared> = {
  [Name in keyof Parameters]: Parameters[Name]['fallback'];
};

export interface AddressState<Values> {
  /** What an address without parameters means. */
  readonly none: Values;
  /** Of a search, with its `?` or without. */
  readonly read: (search: string) => Values;
  /** The search as it is after the changes. Defaults are left out, undeclared parameters are kept. */
  readonly write: (search: string, changes: Partial<Values>) => string;
  /** The address of a page that shows just these. */
  readonly address: (path: string, values: Partial<Values>) => string;
}

function isSame(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((text, index) => text === others[index]);
}

function joined(path: string, search: string): string {
  return search === '' ? path : `${path}?${search}`;
}

/** `settle` brings values into their one form before they are written, where one rules out another. */
export function defineAddress<Parameters extends Declared>(
  parameters: Parameters,
  settle: (values: ValuesOf<Parameters>) => Partial<ValuesOf<Parameters>> = () => ({}),
): AddressState<ValuesOf<Parameters>> {
  type Values = ValuesOf<Parameters>;
  const declared = Object.entries<Parameter>(parameters);

  function collect(valueOf: (name: string, parameter: Parameter) => unknown): Values {
    // An object made name by name has the names' types, which the compiler cannot tell.
    return Object.fromEntries(
      declared.map(([name, parameter]) => [name, valueOf(name, parameter)]),
    ) as Values;
  }

  function read(search: string): Values {
    const found = new URLSearchParams(search);
    return collect((name, parameter) => parameter.read(found.getAll(name)));
  }

  function write(search: string, changes: Partial<Values>): string {
    const written = new URLSearchParams(search);
    const changed = { ...read(search), ...changes };
    const values = { ...changed, ...settle(changed) };
    for (const [name, parameter] of declared) {
      const texts = parameter.write(values[name]);
      const isDefault = isSame(texts, parameter.write(parameter.fallback));
      const [only, ...others] = isDefault ? [] : texts;
      // In place where there is one, so that the address keeps its order.
      if (only === undefined) written.delete(name);
      else written.set(name, only);
      for (const other of others) written.append(name, other);
    }
    return written.toString();
  }

  return {
    none: collect((_, { fallback }) => fallback),
    read,
    write,
    address: (path, values) => joined(path, write('', values)),
  };
}

/** What the page was reached with: the way back, which links within it must hand on. */
export function useKeptState(): unknown {
  const location: Location<unknown> = useLocation();
  return location.state;
}

/** `push` is a step of Back; `replace` is for what Back should not have to undo one by one. */
export type HistoryMode = 'push' | 'replace';

export type Change<Values> = (
  changes: Partial<Values> | ((current: Values) => Partial<Values>),
  how: HistoryMode,
) => void;

/** What the address says, and the way to change some of it; what it was reached from is kept. */
export function useAddressState<Values>(
  declared: AddressState<Values>,
): readonly [Values, Change<Values>] {
  const { pathname, search } = useLocation();
  const state = useKeptState();
  const navigate = useNavigate();
  const values = useMemo(() => declared.read(search), [declared, search]);
  const change: Change<Values> = useCallback(
    (changes, how) => {
      // The next page may still be loading while this one is shown; a change here must not go back.
      if (window.location.pathname !== pathname) return;
      // Not the search that was drawn: a change may follow another before the page is drawn again.
      const current = window.location.search;
      const changed = typeof changes === 'function' ? changes(declared.read(current)) : changes;
      void navigate(
        { search: declared.write(current, changed) },
        { replace: how === 'replace', state },
      );
    },
    [declared, navigate, pathname, state],
  );
  return [values, change];
}

/** The address of this page with some of it changed, for links within the page. */
export function useAddressWith<Values>(
  declared: AddressState<Values>,
): (changes: Partial<Values>) => string {
  const { pathname, search } = useLocation();
  return (changes) => joined(pathname, declared.write(search, changes));
}
