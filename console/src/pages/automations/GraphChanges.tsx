import { nodeTitle, useNodeTypes } from '../../shared/graph/useNodeTypes';
import { formatWord } from '../../shared/ui/format';
import classes from './AutomationPage.module.css';
import { edgeKey, type GraphDiff, valueText } from './graphDiff';

export const MARKS = { ADDED: '+', REMOVED: '−', CHANGED: '~' } as const;

/** Lists what changed between two graphs. */
export function GraphChanges({ diff }: { diff: GraphDiff }) {
  const nodeTypes = useNodeTypes();
  if (diff.nodes.length === 0 && diff.edges.length === 0) return <p>No changes.</p>;
  return (
    <ul className={classes.changes}>
      {diff.nodes.map(({ id, type, kind, fields }) => (
        <li key={id} data-kind={kind}>
          <span className={classes.mark} aria-hidden>
            {MARKS[kind]}
          </span>
          <div>
            <strong>{id}</strong> ({nodeTitle(nodeTypes, type)}) {formatWord(kind).toLowerCase()}
            {fields.map(({ field, before, after }) => (
              <div key={field} className={classes.fieldChange}>
                <code>{field}</code>: <del>{valueText(before)}</del> →{' '}
                <ins>{valueText(after)}</ins>
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
            Edge {edge.source} → {edge.target}
            {edge.label !== null && ` (${edge.label})`} {formatWord(kind).toLowerCase()}
          </div>
        </li>
      ))}
    </ul>
  );
}
