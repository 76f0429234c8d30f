import { Handle, type Node, type NodeProps, Position } from '@xyflow/react';
import type { ReactNode } from 'react';
import classes from './Graph.module.css';
import { NodeIcon } from './NodeIcon';

export type Tone = 'idle' | 'busy' | 'waiting' | 'good' | 'bad';

/** How one node of a graph is drawn. `words` is the same for screen readers. */
export interface NodeLook {
  tone?: Tone;
  badge?: ReactNode;
  /** Shown on the card's upper edge. */
  mark?: ReactNode;
  words?: string;
  isMuted?: boolean;
  isPulsing?: boolean;
}

// A type, not an interface: xyflow wants an index signature.
// eslint-disable-next-line @typescript-eslint/consistent-type-definitions
export type CardData = {
  title: string;
  icon: string | undefined;
  summary: string;
  look: NodeLook;
  isSelected: boolean;
  /** Whether edges can be drawn to the node, and from it. */
  takesEdges: boolean;
  givesEdges: boolean;
  onSelect: ((nodeId: string) => void) | undefined;
  onFocus: (nodeId: string) => void;
};

export type CardNode = Node<CardData, 'card'>;

/** A node as a button if it can be selected, else as plain text. */
export function GraphNodeCard({ id, data }: NodeProps<CardNode>) {
  const { title, look, summary, onSelect, onFocus } = data;
  const inside = (
    <>
      <span className={classes.heading}>
        <NodeIcon name={data.icon} className={classes.icon} />
        <span className={classes.nodeId}>{id}</span>
        <span className={classes.type}>{title}</span>
      </span>
      <span className={classes.summary}>{summary}</span>
      {look.badge !== undefined && <span className={classes.badge}>{look.badge}</span>}
    </>
  );
  const shared = {
    className: classes.card,
    title: summary,
    'data-node': id,
    'data-tone': look.tone,
    'data-muted': look.isMuted,
    'data-pulsing': look.isPulsing,
  };
  return (
    <>
      <Handle id="top" type="target" position={Position.Top} isConnectable={data.takesEdges} />
      <Handle id="left" type="target" position={Position.Left} isConnectable={false} />
      {onSelect ? (
        <button
          type="button"
          {...shared}
          aria-pressed={data.isSelected}
          aria-label={[id, title, look.words].filter(Boolean).join(', ')}
          onFocus={() => {
            onFocus(id);
          }}
          onClick={() => {
            onSelect(id);
          }}
        >
          {inside}
        </button>
      ) : (
        <div {...shared}>{inside}</div>
      )}
      {look.mark !== undefined && <span className={classes.mark}>{look.mark}</span>}
      <Handle
        id="bottom"
        type="source"
        position={Position.Bottom}
        isConnectable={data.givesEdges}
      />
      <Handle id="right" type="source" position={Position.Right} isConnectable={false} />
    </>
  );
}
