/** The kinds of parameters of an address: how each is read, written, and sent to the API. */

/** One parameter. `fallback` is the value of an absent one; it is never written. */
export interface Parameter<Value = unknown, Asked = unknown> {
  readonly fallback: Value;
  /** Invalid texts read as the fallback. */
  read(texts: readonly string[]): Value;
  /** One text for each occurrence of the parameter. */
  write(value: Value): readonly string[];
  /** The value as the API takes it, if it is a filter. */
  ask(value: Value): Asked;
}

function same<Value>(value: Value): Value {
  return value;
}

function orAbsent(value: string | null): readonly string[] {
  return value === null ? [] : [value];
}

/** Free text; blank text is null. */
export function text(): Parameter<string | null, string | null> {
  return {
    fallback: null,
    read([written = '']) {
      const trimmed = written.trim();
      return trimmed === '' ? null : trimmed;
    },
    write: orAbsent,
    ask: same,
  };
}

/** Text while it is typed, with trailing spaces; blank text is null. */
export function typedText(): Parameter<string, string> {
  return {
    fallback: '',
    read: ([written = '']) => written,
    write: (value) => (value.trim() === '' ? [] : [value]),
    ask: same,
  };
}

/** Any number of texts, one parameter per text. */
export function texts(): Parameter<readonly string[], readonly string[]> {
  return { fallback: [], read: same, write: same, ask: same };
}

/** One of a few values, or null. */
export function choice<const Value extends string>(
  values: readonly Value[],
): Parameter<Value | null, Value | null> {
  return {
    fallback: null,
    read: ([written]) => values.find((value) => value === written) ?? null,
    write: orAbsent,
    ask: same,
  };
}

/** One of a few values, for a filter that accepts several in the API. */
export function oneOfSeveral<const Value extends string>(
  values: readonly Value[],
): Parameter<Value | null, Value[] | null> {
  return { ...choice(values), ask: (value) => (value === null ? null : [value]) };
}

/** One of a few values, never null. */
export function choiceOr<const Value extends string>(
  values: readonly Value[],
  fallback: Value,
): Parameter<Value, Value> {
  return {
    fallback,
    read: ([written]) => values.find((value) => value === written) ?? fallback,
    write: (value) => [value],
    ask: same,
  };
}

/** A time, as ISO 8601 in UTC. */
export function moment(): Parameter<string | null, string | null> {
  return {
    fallback: null,
    read([written = '']) {
      const at = Date.parse(written);
      return Number.isNaN(at) ? null : new Date(at).toISOString();
    },
    write: orAbsent,
    ask: same,
  };
}
