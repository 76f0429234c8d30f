/** Graphs, drawn by a library that is loaded when the first of them is shown. */

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

/** A graph to look at. */
export function GraphView(props: GraphViewProps) {
  return (
    <Suspense fallback={<Loading />}>
      <LazyGraphView {...props} />
    </Suspense>
  );
}

/** The graph of a run's version with the way that the run took; `onSelect` gets a node's id. */
export function RunGraph(props: RunGraphProps) {
  return (
    <Suspense fallback={<Loading />}>
      <LazyRunGraph {...props} />
    </Suspense>
  );
}
