/**
 * The state of a page, kept in its address, so that a copied address opens the same view. All
 * search parameters of the console are declared, read and written here; lint enforces it.
 */

import { useCallback, useMemo } from 'react';
import { type Location, useLocation, useNavigate } from 'react-router';
import type { Parameter } from './parameters';

export type Declared = Readonly<Record<string, Parameter>>;

export type ValuesOf<Parameters extends Declared> = {
  [Name in keyof Parameters]: Parameters[Name]['fallback'];
};

/** Which parameters of an address are known. */
export interface KnownParameters {
  readonly names: readonly string[];
  /** Whether the search has a text for the parameter that cannot be read, so that it is ignored. */
  readonly isIgnored: (search: string, name: string) => boolean;
}

export interface AddressState<Values> extends KnownParameters {
  /** The values of an address without parameters. */
  readonly none: Values;
  /** Reads a search string, with or without its `?`. */
  readonly read: (search: string) => Values;
  /** Returns the search after the changes. It omits defaults and keeps undeclared parameters. */
  readonly write: (search: string, changes: Partial<Values>) => string;
  /** The address of a page with only these values. */
  readonly address: (path: string, values: Partial<Values>) => string;
}

function isSame(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((text, index) => text === others[index]);
}

function joined(path: string, search: string): string {
  return search === '' ? path : `${path}?${search}`;
}

/** A list's filters, with the names of the API's parameters. */
export type WrittenFilter = Readonly<
  Record<string, string | boolean | readonly string[] | null | undefined>
>;

/** The search of a list with these filters; `read` takes the ones that the list declares. */
export function searchOf(filter: WrittenFilter): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(filter)) {
    for (const one of [value].flat()) {
      if (one !== null && one !== undefined) search.append(name, String(one));
    }
  }
  return search.toString();
}

/** `settle` normalizes values before they are written, if one rules out another. */
export function defineAddress<Parameters extends Declared>(
  parameters: Parameters,
  settle: (values: ValuesOf<Parameters>) => Partial<ValuesOf<Parameters>> = () => ({}),
): AddressState<ValuesOf<Parameters>> {
  type Values = ValuesOf<Parameters>;
  const declared = Object.entries<Parameter>(parameters);

  function collect(valueOf: (name: string, parameter: Parameter) => unknown): Values {
    // The compiler cannot infer the types of an object that is built name by name.
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
      // Replaced in place if it exists, so that the address keeps its order.
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
    names: declared.map(([name]) => name),
    isIgnored(search, name) {
      const texts = new URLSearchParams(search).getAll(name).filter((text) => text.trim() !== '');
      const parameter = parameters[name];
      if (!parameter || texts.length === 0) return false;
      const unset = parameter.write(parameter.fallback);
      return isSame(parameter.write(parameter.read(texts)), unset) && !isSame(texts, unset);
    },
    address: (path, values) => joined(path, write('', values)),
  };
}

/**
 * The parameters of an address, `name=value`, that the page ignores: no state declares them, or
 * their value cannot be read.
 */
export function ignoredIn(search: string, states: readonly KnownParameters[]): string[] {
  return [...new URLSearchParams(search)]
    .filter(([name]) => {
      const state = states.find(({ names }) => names.includes(name));
      return state?.isIgnored(search, name) ?? true;
    })
    .map(([name, value]) => `${name}=${value}`);
}

/** The search without these parameters. */
export function withoutParameters(search: string, ignored: readonly string[]): string {
  const kept = [...new URLSearchParams(search)].filter(
    ([name, value]) => !ignored.includes(`${name}=${value}`),
  );
  return new URLSearchParams(kept).toString();
}

/** The history state of the page: the way back, which links within the page must pass on. */
export function useKeptState(): unknown {
  const location: Location<unknown> = useLocation();
  return location.state;
}

/** `push` adds a step of Back; `replace` is for small changes that Back should skip. */
export type HistoryMode = 'push' | 'replace';

export type Change<Values> = (
  changes: Partial<Values> | ((current: Values) => Partial<Values>),
  how: HistoryMode,
) => void;

/** Returns the address's values and a function that changes some; the way back is kept. */
export function useAddressState<Values>(
  declared: AddressState<Values>,
): readonly [Values, Change<Values>] {
  const { pathname, search } = useLocation();
  const state = useKeptState();
  const navigate = useNavigate();
  const values = useMemo(() => declared.read(search), [declared, search]);
  const change: Change<Values> = useCallback(
    (changes, how) => {
      // The next page may still be loading while this one is shown; a change must not go back to
      // it.
      if (window.location.pathname !== pathname) return;
      // Not the rendered search: a second change may come before the next render.
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

/** Returns this page's address with some values changed, for links within the page. */
export function useAddressWith<Values>(
  declared: AddressState<Values>,
): (changes: Partial<Values>) => string {
  const { pathname, search } = useLocation();
  return (changes) => joined(pathname, declared.write(search, changes));
}
