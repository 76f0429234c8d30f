/** Filters of a list page. The URL is their only home, and `write` here is their only writer. */

import { useSearchParams } from 'react-router';
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
const PERIOD_FIELDS = { range: choiceOr(RANGES, '7d'), from: moment(), to: moment() };

type Fields = Readonly<Record<string, Field>>;
type Values<Declared extends Fields> = {
  [Name in keyof Declared]: Declared[Name]['fallback'];
};
type Query<Declared extends Fields> = {
  [Name in keyof Declared]?: ReturnType<Declared[Name]['ask']>;
};

export interface FilterSet<Filters, Asked> {
  /** What a URL without parameters means. */
  readonly none: Filters;
  readonly read: (parameters: URLSearchParams) => Filters;
  /** Defaults are left out, parameters that are no filters are kept. */
  readonly write: (current: URLSearchParams, filters: Filters) => URLSearchParams;
  /** The same filters as the API takes them: a range, or from and to. */
  readonly toQuery: (filters: Filters) => Asked;
  /** Whether anything but the period narrows the list. */
  readonly isNarrowed: (filters: Filters) => boolean;
}

export type FiltersOf<Declared> = Declared extends FilterSet<infer Filters, unknown> ? Filters : never;

export function isCustom({ from, to }: Period): boolean {
  return from !== null || to !== null;
}

/** The period alone, as the API takes it. */
export function periodQuery({ range, from, to }: Period): Partial<Period> {
  return from === null && to === null ? { range } : { from, to };
}

type WithPeriod<Declared extends Fields> = Declared & typeof PERIOD_FIELDS;

/** The filters of a list: those that are declared, and the period. */
export function defineFilters<Declared extends Fields>(
  declared: Declared,
): FilterSet<Values<WithPeriod<Declared>>, Query<WithPeriod<Declared>>> {
  type Filters = Values<WithPeriod<Declared>>;
  const fields: WithPeriod<Declared> = { ...declared, ...PERIOD_FIELDS };
  const names = Object.keys(fields) as (keyof Filters & string)[];

  function collect<Name extends string>(names: readonly Name[], valueOf: (name: Name) => unknown) {
    return Object.fromEntries(names.map((name) => [name, valueOf(name)]));
  }

  // The compiler cannot tell that an object made name by name has the names' types.
  const none = collect(names, (name) => fields[name].fallback) as Filters;
  return {
    none,
    read: (parameters) =>
      collect(names, (name) => fields[name].read(parameters.get(name))) as Filters,
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
      const asked = isCustom(filters) ? names.filter((name) => name !== 'range') : names;
      return collect(asked, (name) => fields[name].ask(filters[name])) as Query<
        WithPeriod<Declared>
      >;
    },
    isNarrowed: (filters) =>
      names.some((name) => !(name in PERIOD_FIELDS) && filters[name] !== none[name]),
  };
}

/** The URL's filters, and the way to change some of them: each change is a step of Back. */
export function useFilters<Filters, Asked>(
  set: FilterSet<Filters, Asked>,
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
