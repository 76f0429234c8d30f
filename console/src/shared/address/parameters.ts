/** The kinds of parameter an address can have: how each is read, written, and asked of the API. */

/** One parameter. `fallback` is what an absent one means; it is never written. */
export interface Parameter<Value = unknown, Asked = unknown> {
  readonly fallback: Value;
  /** Forgiving: texts that make no sense read as the fallback. */
  read(texts: readonly string[]): Value;
  /** One text for each time that the parameter is there. */
  write(value: Value): readonly string[];
  /** As the API takes it, where it is a filter. */
  ask(value: Value): Asked;
}

function same<Value>(value: Value): Value {
  return value;
}

function orAbsent(value: string | null): readonly string[] {
  return value === null ? [] : [value];
}

/** Free text; blank is none. */
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

/** Text as it is being typed, with the spaces that more may follow; blank is none. */
export function typedText(): Parameter<string, string> {
  return {
    fallback: '',
    read: ([written = '']) => written,
    write: (value) => (value.trim() === '' ? [] : [value]),
    ask: same,
  };
}

/** Any number of texts, one parameter each. */
export function texts(): Parameter<readonly string[], readonly string[]> {
  return { fallback: [], read: same, write: same, ask: same };
}

/** One of a few values, or none. */
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

/** The same, of what the API takes one or several. */
export function oneOfSeveral<const Value extends string>(
  values: readonly Value[],
): Parameter<Value | null, Value[] | null> {
  return { ...choice(values), ask: (value) => (value === null ? null : [value]) };
}

/** One of a few values, always. */
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

/** A moment, as ISO 8601 in UTC. */
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
