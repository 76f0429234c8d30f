import { plural, t } from '@lingui/core/macro';
import { Button } from '@mantine/core';
import { IconAlertTriangle, IconLayoutDistributeVertical } from '@tabler/icons-react';
import { type Dispatch, useMemo } from 'react';
import { GraphCanvas } from '../../../shared/graph/GraphCanvas';
import type { NodeLook } from '../../../shared/graph/GraphNodeCard';
import type { NodeType } from '../../../shared/graph/useNodeTypes';
import type { Action, AutomationDocument } from './document';
import classes from './Editor.module.css';
import { branchesOf } from './outgoingEdges';
import { type DocumentProblem, nodeOf } from './problems';

interface Props {
  document: AutomationDocument;
  nodeTypes: ReadonlyMap<string, NodeType>;
  problems: readonly DocumentProblem[];
  selected: string | null;
  isReadOnly: boolean;
  dispatch: Dispatch<Action>;
  onSelect: (nodeId: string | null) => void;
  onOpenEdge: (index: number) => void;
}

function problemText(count: number): string {
  return plural(count, { one: '1 problem', other: `${count} problems` });
}

function looksOf(
  problems: readonly DocumentProblem[],
  document: AutomationDocument,
): ReadonlyMap<string, NodeLook> {
  const counts = new Map<string, number>();
  for (const problem of problems) {
    const nodeId = nodeOf(problem, document);
    if (nodeId !== null) counts.set(nodeId, (counts.get(nodeId) ?? 0) + 1);
  }
  return new Map(
    [...counts].map(([nodeId, count]) => [
      nodeId,
      {
        tone: 'bad' as const,
        words: problemText(count),
        mark: (
          <span className={classes.nodeMark}>
            <IconAlertTriangle size={13} aria-hidden /> {problemText(count)}
          </span>
        ),
      },
    ]),
  );
}

/** Draws the document. Nodes can be dragged, connected, selected and deleted. */
export function EditorCanvas(props: Props) {
  const { document, nodeTypes, problems, selected, isReadOnly, dispatch, onSelect } = props;
  const looks = useMemo(() => looksOf(problems, document), [problems, document]);
  const edgeLooks = document.edges.map((_, index) =>
    problems.some(({ edge }) => edge === index) ? { tone: 'bad' as const } : {},
  );

  function connect(source: string, target: string) {
    const node = document.nodes.find(({ id }) => id === source);
    if (!node || source === target) return;
    const type = nodeTypes.get(node.type);
    const taken = new Set(
      document.edges.filter((edge) => edge.source === source).map(({ label }) => label),
    );
    const label = (type?.branchesRequired ?? false)
      ? (branchesOf(node, type).find((branch) => !taken.has(branch)) ?? null)
      : null;
    dispatch({ type: 'ADD_EDGE', edge: { source, target, label } });
    onSelect(source);
  }

  return (
    <div
      className={classes.canvas}
      role="presentation"
      onKeyDown={(event) => {
        if (isReadOnly || (event.key !== 'Delete' && event.key !== 'Backspace')) return;
        const card = event.target instanceof HTMLElement ? event.target.dataset.node : undefined;
        if (card === undefined) return;
        event.preventDefault();
        dispatch({ type: 'REMOVE_NODE', nodeId: card });
        onSelect(null);
      }}
    >
      <GraphCanvas
        graph={document}
        label={t`Graph of the automation`}
        looks={looks}
        edgeLooks={edgeLooks}
        selected={selected}
        fillsHeight
        onSelect={onSelect}
        {...(!isReadOnly && {
          editing: {
            onMove: (_nodeId: string, positions: AutomationDocument['layout']) => {
              dispatch({ type: 'MOVE', positions });
            },
            onConnect: connect,
            onSelectEdge: props.onOpenEdge,
            onSelectNothing: () => {
              onSelect(null);
            },
          },
        })}
      />
      {!isReadOnly && Object.keys(document.layout).length > 0 && (
        <Button
          variant="default"
          size="xs"
          className={classes.arrange}
          leftSection={<IconLayoutDistributeVertical size={14} aria-hidden />}
          onClick={() => {
            dispatch({ type: 'ARRANGE' });
          }}
        >
          {t`Arrange`}
        </Button>
      )}
    </div>
  );
}
