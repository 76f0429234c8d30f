/** The kinds of filter a list can have: how each is read from the URL, written to it and asked for. */

/** One filter. `fallback` is what an absent parameter means; it is never written. */
export interface Field<Value = unknown, Asked = unknown> {
  readonly fallback: Value;
  /** Forgiving: text that makes no sense reads as the fallback. */
  read(text: string | null): Value;
  /** The parameter's text. */
  write(value: Value): string | null;
  /** As the API takes it. */
  ask(value: Value): Asked;
}

function same<Value>(value: Value): Value {
  return value;
}

/** Free text; blank is none. */
export function text(): Field<string | null, string | null> {
  return {
    fallback: null,
    read(written) {
      const trimmed = written?.trim() ?? '';
      return trimmed === '' ? null : trimmed;
    },
    write: same,
    ask: same,
  };
}

/** One of a few values, or none. */
export function choice<const Value extends string>(
  values: readonly Value[],
): Field<Value | null, Value | null> {
  return {
    fallback: null,
    read: (written) => values.find((value) => value === written) ?? null,
    write: same,
    ask: same,
  };
}

/** The same, of what the API takes one or several. */
export function oneOfSeveral<const Value extends string>(
  values: readonly Value[],
): Field<Value | null, Value[] | null> {
  return { ...choice(values), ask: (value) => (value === null ? null : [value]) };
}

/** One of a few values, always. */
export function choiceOr<Value extends string>(
  values: readonly Value[],
  fallback: Value,
): Field<Value, Value> {
  return {
    fallback,
    read: (written) => values.find((value) => value === written) ?? fallback,
    write: same,
    ask: same,
  };
}

/** A moment, as ISO 8601 in UTC. */
export function moment(): Field<string | null, string | null> {
  return {
    fallback: null,
    read(written) {
      const at = written === null ? Number.NaN : Date.parse(written);
      return Number.isNaN(at) ? null : new Date(at).toISOString();
    },
    write: same,
    ask: same,
  };
}
