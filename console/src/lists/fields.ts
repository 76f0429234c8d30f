/** The kinds of filter a list can have: how each is read from the URL and written to it. */

/** One filter. `fallback` is what an absent parameter means; it is never written. */
export interface Field<Value> {
  readonly fallback: Value;
  /** Forgiving: text that makes no sense reads as the fallback. */
  readonly read: (text: string | null) => Value;
  /** The parameter's text. */
  readonly write: (value: Value) => string | null;
}

/** Free text; blank is none. */
export function text(): Field<string | null> {
  return {
    fallback: null,
    read(written) {
      const trimmed = written?.trim() ?? '';
      return trimmed === '' ? null : trimmed;
    },
    write: (value) => value,
  };
}

/** One of a few values, or none. */
export function choice<Value extends string>(values: readonly Value[]): Field<Value | null> {
  return {
    fallback: null,
    read: (written) => values.find((value) => value === written) ?? null,
    write: (value) => value,
  };
}

/** One of a few values, always. */
export function choiceOr<Value extends string>(
  values: readonly Value[],
  fallback: Value,
): Field<Value> {
  return {
    fallback,
    read: (written) => values.find((value) => value === written) ?? fallback,
    write: (value) => value,
  };
}

/** A moment, as ISO 8601 in UTC. */
export function moment(): Field<string | null> {
  return {
    fallback: null,
    read(written) {
      const at = written === null ? Number.NaN : Date.parse(written);
      return Number.isNaN(at) ? null : new Date(at).toISOString();
    },
    write: (value) => value,
  };
}
