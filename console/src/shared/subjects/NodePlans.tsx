import type { ReactNode } from 'react';
import { nodeTitle, useNodeTypes } from '../graph/useNodeTypes';
import classes from './NodePlans.module.css';

/** What happens at each node, in the order of the graph. */
export function NodePlans({ label, children }: { label: string; children: ReactNode }) {
  return (
    // It may scroll, so the keyboard must be able to focus it.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <ul className={classes.nodes} aria-label={label} tabIndex={0}>
      {children}
    </ul>
  );
}

interface NodeProps {
  nodeId: string;
  type: string;
  /** What happens, in a few words. */
  action: ReactNode;
  effects: ReactNode;
  choice: ReactNode;
}

export function NodePlan({ nodeId, type, action, effects, choice }: NodeProps) {
  const nodeTypes = useNodeTypes();
  return (
    <li className={classes.node} data-node={nodeId}>
      <div className={classes.name}>
        {nodeId} <span className={classes.muted}>{nodeTitle(nodeTypes, type)}</span>
      </div>
      <div>{action}</div>
      <div>{effects}</div>
      <div>{choice}</div>
    </li>
  );
}
