import { type ComponentType, type ReactNode, useEffect, useState } from 'react';

type Loaded<Props> = { component: ComponentType<Props> } | { error: unknown };

interface LazyComponent<Props> {
  Component: ComponentType<Props>;
  /** Begins to load the code. Repeats do nothing. */
  load: () => void;
}

/**
 * A component whose code loads when it is first shown. Shows the placeholder until then. Rendering it
 * throws if the code could not be loaded.
 *
 * React's own `lazy` keeps each placeholder for at least 300 ms, and a page's requests start that
 * much later: https://react.dev/reference/react/Suspense
 */
export function lazyComponent<Props extends object>(
  importIt: () => Promise<{ default: ComponentType<Props> }>,
  placeholder: ReactNode = null,
): LazyComponent<Props> {
  let loaded: Loaded<Props> | null = null;
  let loading: Promise<Loaded<Props>> | null = null;

  function load(): Promise<Loaded<Props>> {
    loading ??= importIt()
      .then(
        (module): Loaded<Props> => ({ component: module.default }),
        (error: unknown): Loaded<Props> => ({ error }),
      )
      .then((result) => (loaded = result));
    return loading;
  }

  function Component(props: Props) {
    const [result, setResult] = useState(loaded);
    useEffect(() => {
      let isShown = true;
      void load().then((found) => {
        if (isShown) setResult(found);
      });
      return () => {
        isShown = false;
      };
    }, []);
    if (result === null) return placeholder;
    if ('error' in result) throw result.error;
    return <result.component {...props} />;
  }

  return { Component, load: () => void load() };
}
