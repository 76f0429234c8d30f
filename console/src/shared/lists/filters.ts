/** The filters of a list page. They live only in the URL. */

import {
  type AddressState,
  type Declared,
  defineAddress,
  useAddressState,
  type ValuesOf,
} from '../address/addressState';
import { choiceOr, moment } from '../address/parameters';

export const RANGES = ['1h', '24h', '7d', '30d'] as const;
export type Range = (typeof RANGES)[number];

/** A list's period: a range, or `from` and `to` if one of them is set. */
export interface Period {
  range: Range;
  from: string | null;
  to: string | null;
}

/** The filters that every list has. */
const PERIOD = { range: choiceOr(RANGES, '7d'), from: moment(), to: moment() };

type WithPeriod<Filters extends Declared> = Filters & typeof PERIOD;
type Query<Filters extends Declared> = {
  [Name in keyof Filters]?: ReturnType<Filters[Name]['ask']>;
};

export interface FilterSet<Filters, Asked> extends AddressState<Filters> {
  /** The filters as the API takes them: a range, or from and to. */
  readonly toQuery: (filters: Filters) => Asked;
  /** Whether any filter except the period is set. */
  readonly isNarrowed: (filters: Filters) => boolean;
}

export type FiltersOf<Set> = Set extends FilterSet<infer Filters, unknown> ? Filters : never;

export function isCustom({ from, to }: Pick<Period, 'from' | 'to'>): boolean {
  return from !== null || to !== null;
}

/** Only the period, as the API takes it. */
export function periodQuery({ range, from, to }: Period): Partial<Period> {
  return isCustom({ from, to }) ? { from, to } : { range };
}

/** The filters of a list: the declared ones and the period. */
export function defineFilters<Filters extends Declared>(
  declared: Filters,
): FilterSet<ValuesOf<WithPeriod<Filters>>, Query<WithPeriod<Filters>>> {
  const parameters: WithPeriod<Filters> = { ...declared, ...PERIOD };
  const names = Object.keys(parameters);
  const state = defineAddress(parameters, (values) =>
    // The compiler cannot see that the rest of the generic values has these names.
    isCustom(values as Period) ? ({ range: PERIOD.range.fallback } as Partial<typeof values>) : {},
  );
  return {
    ...state,
    toQuery(filters) {
      const asked = names.filter((name) => name !== 'range' || !isCustom(filters as Period));
      return Object.fromEntries(
        asked.map((name) => [name, parameters[name]?.ask(filters[name])]),
      ) as Query<WithPeriod<Filters>>;
    },
    isNarrowed: (filters) =>
      names.some((name) => !(name in PERIOD) && filters[name] !== state.none[name]),
  };
}

/** Returns the URL's filters and a function that changes some; each change is a step of Back. */
export function useFilters<Filters, Asked>(
  set: FilterSet<Filters, Asked>,
): [Filters, (changes: Partial<Filters>) => void] {
  const [filters, change] = useAddressState(set);
  return [
    filters,
    (changes) => {
      change(changes, 'push');
    },
  ];
}
