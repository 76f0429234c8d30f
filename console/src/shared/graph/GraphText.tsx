import { t } from '@lingui/core/macro';
import classes from './Graph.module.css';
import type { EdgeLook } from './GraphCanvas';
import type { NodeLook } from './GraphNodeCard';
import type { Graph } from './model';
import { nodeTitle, useNodeTypes } from './useNodeTypes';

interface Props {
  graph: Graph;
  looks?: ReadonlyMap<string, NodeLook>;
  edgeLooks?: readonly EdgeLook[];
}

function exitText({ label, target }: Graph['edges'][number]): string {
  return label === null ? t`then ${target}` : `${label}: ${target}`;
}

/** The graph as text, for people who cannot see the drawing. */
export function GraphText({ graph, looks, edgeLooks }: Props) {
  const nodeTypes = useNodeTypes();
  return (
    <details className={classes.text}>
      <summary>{t`Graph as text`}</summary>
      <ol>
        {graph.nodes.map(({ id, type }) => {
          const words = looks?.get(id)?.words;
          const exits = graph.edges.flatMap((edge, index) =>
            edge.source === id ? [{ edge, isTaken: edgeLooks?.[index]?.tone === 'taken' }] : [],
          );
          return (
            <li key={id}>
              <strong>{id}</strong> ({nodeTitle(nodeTypes, type)})
              {words !== undefined && `: ${words}`}
              {exits.length > 0 && (
                <ul>
                  {exits.map(({ edge, isTaken }, position) => (
                    <li key={position}>
                      {isTaken ? t`${exitText(edge)} (taken)` : exitText(edge)}
                    </li>
                  ))}
                </ul>
              )}
            </li>
          );
        })}
      </ol>
    </details>
  );
}
