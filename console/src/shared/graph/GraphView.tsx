import { useMemo } from 'react';
import { type EdgeLook, GraphCanvas } from './GraphCanvas';
import type { NodeLook } from './GraphNodeCard';
import classes from './Graph.module.css';
import { GraphText } from './GraphText';
import { readGraph, type WireGraph } from './model';

export interface GraphViewProps {
  graph: WireGraph;
  label: string;
  looks?: ReadonlyMap<string, NodeLook>;
  edgeLooks?: readonly EdgeLook[];
  hasBadges?: boolean;
  selected?: string | null;
  onSelect?: (nodeId: string) => void;
  /** The node that a large graph is centered on at first. */
  focus?: string | null;
  /** Fills the height of the parent instead of fitting the graph. */
  fillsHeight?: boolean;
}

/** A read-only graph, drawn and as text. */
export default function GraphView({ graph: wire, ...props }: GraphViewProps) {
  const graph = useMemo(() => readGraph(wire), [wire]);
  return (
    <div className={classes.view} data-fills={props.fillsHeight ?? false}>
      <GraphCanvas graph={graph} {...props} />
      <GraphText
        graph={graph}
        {...(props.looks && { looks: props.looks })}
        {...(props.edgeLooks && { edgeLooks: props.edgeLooks })}
      />
    </div>
  );
}
