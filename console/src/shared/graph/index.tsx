/** Graphs. Their library is loaded when the first graph is shown. */

import { t } from '@lingui/core/macro';
import { Skeleton } from '@mantine/core';
import { lazyComponent } from '../ui/lazyComponent';
import type { GraphViewProps } from './GraphView';
import type { RunGraphProps } from './RunGraph';

function Loading() {
  return (
    <div role="status" aria-label={t`Loading the graph`}>
      <Skeleton height={320} />
    </div>
  );
}

/** A read-only graph. */
export const { Component: GraphView } = lazyComponent<GraphViewProps>(
  () => import('./GraphView'),
  <Loading />,
);

/** The graph of a run's version, with the path that the run took; `onSelect` gets a node id. */
export const { Component: RunGraph } = lazyComponent<RunGraphProps>(
  () => import('./RunGraph'),
  <Loading />,
);
