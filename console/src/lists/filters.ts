/** Filters of a list page. The URL is their only home, and `write` here is their only writer. */

import { useSearchParams } from 'react-router';
import type { Parameters } from '../api/client';
import { choiceOr, moment, type Field } from './fields';

export const RANGES = ['24h', '7d', '30d'] as const;
export type Range = (typeof RANGES)[number];

/** How far back a list looks: a range, or from a moment to a moment where either is set. */
export interface Period {
  range: Range;
  from: string | null;
  to: string | null;
}

/** The three filters every list has. */
export const PERIOD_FIELDS = {
  range: choiceOr(RANGES, '7d'),
  from: moment(),
  to: moment(),
} satisfies Fields<Period>;

export type Fields<Filters> = { readonly [Name in keyof Filters]: Field<Filters[Name]> };

export interface FilterSet<Filters> {
  /** What a URL without parameters means. */
  readonly none: Filters;
  readonly read: (parameters: URLSearchParams) => Filters;
  /** Defaults are left out, parameters that are no filters are kept. */
  readonly write: (current: URLSearchParams, filters: Filters) => URLSearchParams;
  /** The same filters as the API takes them: a range, or from and to. */
  readonly toQuery: (filters: Filters) => Parameters;
  /** Whether anything but the period narrows the list. */
  readonly isNarrowed: (filters: Filters) => boolean;
}

export function isCustom({ from, to }: Period): boolean {
  return from !== null || to !== null;
}

export function defineFilters<Filters extends Period>(
  fields: Fields<Filters>,
): FilterSet<Filters> {
  const names = Object.keys(fields) as (keyof Filters & string)[];

  function collect(valueOf: <Name extends keyof Filters>(name: Name) => Filters[Name]): Filters {
    return Object.fromEntries(names.map((name) => [name, valueOf(name)])) as unknown as Filters;
  }

  const none = collect((name) => fields[name].fallback);
  const isPeriod = (name: string) => name in PERIOD_FIELDS;
  return {
    none,
    read: (parameters) => collect((name) => fields[name].read(parameters.get(String(name)))),
    write(current, filters) {
      const written = new URLSearchParams(current);
      for (const name of names) {
        const value = fields[name].write(filters[name]);
        const isRangeOfCustom = name === 'range' && isCustom(filters);
        if (value === null || filters[name] === none[name] || isRangeOfCustom) written.delete(name);
        else written.set(name, value);
      }
      return written;
    },
    toQuery(filters) {
      const query: Parameters = {};
      for (const name of names) query[name] = fields[name].write(filters[name]);
      if (isCustom(filters)) delete query.range;
      return query;
    },
    isNarrowed: (filters) =>
      names.some((name) => !isPeriod(name) && filters[name] !== none[name]),
  };
}

/** The URL's filters, and the way to change some of them: each change is a step of Back. */
export function useFilters<Filters extends Period>(
  set: FilterSet<Filters>,
): [Filters, (changes: Partial<Filters>) => void] {
  const [parameters, setParameters] = useSearchParams();
  return [
    set.read(parameters),
    (changes) => {
      setParameters((current) => set.write(current, { ...set.read(current), ...changes }), {
        preventScrollReset: true,
      });
    },
  ];
}
