import { t } from '@lingui/core/macro';
import { NodeIcon } from '../../../shared/graph/NodeIcon';
import type { NodeType } from '../../../shared/graph/useNodeTypes';
import classes from './Editor.module.css';

interface Props {
  nodeTypes: readonly NodeType[];
  /** Where a new node is added: `After start.`; null if it is not connected. */
  place: string | null;
  hasTrigger: boolean;
  onAdd: (type: NodeType) => void;
}

/** The node types, each a button that adds one. */
export function Palette({ nodeTypes, place, hasTrigger, onAdd }: Props) {
  return (
    <section aria-label={t`Add a node`} className={classes.palette}>
      <h2>{t`Add a node`}</h2>
      <p className={classes.hint}>
        {place ?? t`The new node is added without a connection. To add it after another node, select that node first.`}
      </p>
      <ul>
        {nodeTypes
          .filter(({ isStart }) => !isStart || !hasTrigger)
          .map((type) => (
            <li key={type.type}>
              <button
                type="button"
                title={type.description.replaceAll('`', '')}
                onClick={() => {
                  onAdd(type);
                }}
              >
                <NodeIcon name={type.icon} size={18} />
                {type.title}
              </button>
            </li>
          ))}
      </ul>
    </section>
  );
}
