import { BaseEdge, type Edge, type EdgeProps, getBezierPath } from '@xyflow/react';
import { curve, middleOf } from './layout';
import type { Position } from './model';

// A type, not an interface: xyflow wants an index signature.
// eslint-disable-next-line @typescript-eslint/consistent-type-definitions
export type RouteData = {
  /** The points between the two ends. */
  route: Position[];
};

export type Routed = Edge<RouteData, 'routed'>;

/** An edge along the layout's points, with its label at the middle one. */
export function RoutedEdge(props: EdgeProps<Routed>) {
  const { id, sourceX, sourceY, targetX, targetY, label, data, markerEnd } = props;
  const route = data?.route ?? [];
  const [straight, straightX, straightY] = getBezierPath(props);
  const [from, to] = [
    { x: sourceX, y: sourceY },
    { x: targetX, y: targetY },
  ];
  const middle = middleOf(from, route, to);
  return (
    <BaseEdge
      id={id}
      path={middle ? curve(from, route, to) : straight}
      labelX={middle?.x ?? straightX}
      labelY={middle?.y ?? straightY}
      labelBgPadding={[5, 3]}
      labelBgBorderRadius={4}
      {...(label !== undefined && { label })}
      {...(markerEnd !== undefined && { markerEnd })}
    />
  );
}
