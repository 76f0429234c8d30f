import { t } from '@lingui/core/macro';
import { ActionIcon, Autocomplete, NativeSelect } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import type { GraphEdge, GraphNode } from '../../../shared/graph/model';
import { type NodeType, nodeTitle } from '../../../shared/graph/useNodeTypes';
import type { AutomationDocument } from './document';
import classes from './Editor.module.css';
import { edgeElementId } from './elementIds';
import { type OutgoingEdges, targetsFor } from './outgoingEdges';
import type { DocumentProblem } from './problems';

interface Props {
  document: AutomationDocument;
  node: GraphNode;
  outgoing: OutgoingEdges;
  nodeTypes: ReadonlyMap<string, NodeType>;
  problems: readonly DocumentProblem[];
  onAddEdge: (edge: GraphEdge) => void;
  onSetEdge: (index: number, edge: GraphEdge) => void;
  onRemoveEdge: (index: number) => void;
  /** Adds a node of a type at the end of this branch. */
  onAddNode: (type: NodeType, label: string | null) => void;
}

const NEW = 'new ';

interface TargetProps {
  label: string;
  value: string;
  targets: readonly GraphNode[];
  nodeTypes: ReadonlyMap<string, NodeType>;
  error?: string | undefined;
  onTarget: (nodeId: string) => void;
  onNew?: (type: NodeType) => void;
}

function TargetSelect({ label, value, targets, nodeTypes, error, onTarget, onNew }: TargetProps) {
  const known = targets.map(({ id, type }) => ({
    value: id,
    label: `${id} (${nodeTitle(nodeTypes, type)})`,
  }));
  if (value !== '' && !targets.some(({ id }) => id === value)) {
    known.unshift({ value, label: value });
  }
  const types = [...nodeTypes.values()].filter(({ isStart }) => !isStart);
  const added = types.map(({ type, title }) => ({ value: NEW + type, label: t`New: ${title}` }));
  return (
    <NativeSelect
      label={label}
      error={error}
      value={value}
      data={[
        ...(value === '' ? [{ value: '', label: t`Not connected` }] : []),
        { group: t`Existing nodes`, items: known },
        ...(onNew ? [{ group: t`New node`, items: added }] : []),
      ]}
      onChange={(event) => {
        const chosen = event.currentTarget.value;
        const type = chosen.startsWith(NEW) ? nodeTypes.get(chosen.slice(NEW.length)) : undefined;
        if (type && onNew) onNew(type);
        else if (chosen !== '') onTarget(chosen);
      }}
    />
  );
}

/** Edits the outgoing edges of a node, and its branches that are not connected yet. */
export function OutgoingEdgeList(props: Props) {
  const { document, node, outgoing, nodeTypes, problems, onAddEdge, onSetEdge, onRemoveEdge } = props;
  const targets = targetsFor(document, node.id, nodeTypes);
  const isEnd = nodeTypes.get(node.type)?.isEnd ?? false;
  if (isEnd && outgoing.existing.length === 0) {
    return <p className={classes.hint}>{t`The run ends here.`}</p>;
  }
  const canFork = !isEnd && outgoing.labels.length === 0 && outgoing.existing.length > 0;
  return (
    <ul className={classes.outgoing}>
      {outgoing.existing.map(({ index, edge }) => {
        const found = problems.filter((problem) => problem.edge === index);
        const name = edge.label === null ? t`Next` : t`If ${edge.label}`;
        return (
          <li key={index} id={edgeElementId(index)} tabIndex={-1} className={classes.outgoingEdge}>
            <TargetSelect
              label={name}
              value={edge.target}
              targets={targets}
              nodeTypes={nodeTypes}
              error={found.map(({ words }) => words).join(' ') || undefined}
              onTarget={(target) => {
                onSetEdge(index, { ...edge, target });
              }}
            />
            {(outgoing.labels.length > 0 || edge.label !== null) && (
              <Autocomplete
                label={t`Branch`}
                placeholder={t`None`}
                data={outgoing.labels}
                value={edge.label ?? ''}
                onChange={(label) => {
                  onSetEdge(index, { ...edge, label: label === '' ? null : label });
                }}
              />
            )}
            <ActionIcon
              variant="subtle"
              color="red"
              aria-label={t`Remove the edge to ${edge.target}`}
              onClick={() => {
                onRemoveEdge(index);
              }}
            >
              <IconTrash size={16} />
            </ActionIcon>
          </li>
        );
      })}
      {[...outgoing.missing, ...(canFork ? [undefined] : [])].map((label) => (
        <li key={label ?? 'none'} className={classes.outgoingEdge} data-missing>
          <TargetSelect
            label={
              label === undefined
                ? t`Next in parallel`
                : label === null
                  ? t`Next`
                  : t`If ${label}`
            }
            value=""
            targets={targets}
            nodeTypes={nodeTypes}
            onTarget={(target) => {
              onAddEdge({ source: node.id, target, label: label ?? null });
            }}
            onNew={(type) => {
              props.onAddNode(type, label ?? null);
            }}
          />
        </li>
      ))}
    </ul>
  );
}
