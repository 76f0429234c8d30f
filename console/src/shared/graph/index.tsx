/** Graphs. Their library is loaded when the first graph is shown. */

import { Skeleton } from '@mantine/core';
import { lazy, Suspense } from 'react';
import type { GraphViewProps } from './GraphView';
import type { RunGraphProps } from './RunGraph';

const LazyGraphView = lazy(() => import('./GraphView'));
const LazyRunGraph = lazy(() => import('./RunGraph'));

function Loading() {
  return (
    <div role="status" aria-label="Loading the graph">
      <Skeleton height={320} />
    </div>
  );
}

/** A read-only graph. */
export function GraphView(props: GraphViewProps) {
  return (
    <Suspense fallback={<Loading />}>
      <LazyGraphView {...props} />
    </Suspense>
  );
}

/** The graph of a run's version, with the path that the run took; `onSelect` gets a node id. */
export function RunGraph(props: RunGraphProps) {
  return (
    <Suspense fallback={<Loading />}>
      <LazyRunGraph {...props} />
    </Suspense>
  );
}
