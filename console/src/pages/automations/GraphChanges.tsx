import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import type { Graph } from '../../shared/graph/model';
import { nodeTitle, useNodeTypes } from '../../shared/graph/useNodeTypes';
import { formatWord } from '../../shared/ui/format';
import classes from './AutomationPage.module.css';
import { picksIn, wordedChanges } from './changeWords';
import { edgeKey, type GraphDiff } from './graphDiff';
import { nodeName } from './problemWords';
import { usePickNames } from './usePickNames';

export const MARKS = { ADDED: '+', REMOVED: '−', CHANGED: '~' } as const;

interface Props {
  diff: GraphDiff;
  /** Both graphs in one, for the titles of the nodes that an edge connects. */
  graph: Pick<Graph, 'nodes'>;
}

/** Lists what changed between two graphs. */
export function GraphChanges({ diff, graph }: Props) {
  const nodeTypes = useNodeTypes();
  const names = usePickNames(picksIn(diff.nodes, nodeTypes));
  if (diff.nodes.length === 0 && diff.edges.length === 0) return <p>{t`No changes.`}</p>;
  return (
    <ul className={classes.changes}>
      {diff.nodes.map((node) => (
        <li key={node.id} data-kind={node.kind}>
          <span className={classes.mark} aria-hidden>
            {MARKS[node.kind]}
          </span>
          <div>
            <strong>
              {nodeTitle(nodeTypes, node.type)} “{node.id}”
            </strong>{' '}
            {formatWord(node.kind).toLowerCase()}
            {wordedChanges(node, nodeTypes.get(node.type), names).map((change) => (
              <div key={change.field} className={classes.fieldChange}>
                {change.name}: <del>{change.before}</del> → <ins>{change.after}</ins>
              </div>
            ))}
          </div>
        </li>
      ))}
      {diff.edges.map(({ edge, kind }) => (
        <li key={kind + edgeKey(edge)} data-kind={kind}>
          <span className={classes.mark} aria-hidden>
            {MARKS[kind]}
          </span>
          <div>
            <Trans>
              Edge {nodeName(edge.source, graph, nodeTypes)} →{' '}
              {nodeName(edge.target, graph, nodeTypes)}
              {edge.label !== null && ` (${edge.label})`} {formatWord(kind).toLowerCase()}
            </Trans>
          </div>
        </li>
      ))}
    </ul>
  );
}
