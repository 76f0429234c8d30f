import { t } from '@lingui/core/macro';
import type { Dispatch } from 'react';
import type { GraphNode } from '../../../shared/graph/model';
import { type NodeType, useNodeTypes } from '../../../shared/graph/useNodeTypes';
import type { Action, AutomationDocument } from './document';
import classes from './Editor.module.css';
import { EditorCanvas } from './EditorCanvas';
import { Inspector } from './Inspector';
import { placeNodeAfter, placeNode, placementText } from './nodePlacement';
import { Palette } from './Palette';
import type { DocumentProblem } from './problems';

interface Props {
  document: AutomationDocument;
  /** The selected node. */
  node: GraphNode | undefined;
  problems: readonly DocumentProblem[];
  isReadOnly: boolean;
  dispatch: Dispatch<Action>;
  onSelect: (nodeId: string | null) => void;
  onOpenEdge: (index: number) => void;
  onAdd: (added: ReturnType<typeof placeNode>) => void;
}

/** The document as a graph, with the node types to add and the selected node's settings. */
export function VisualView(props: Props) {
  const { document, node, problems, isReadOnly, dispatch, onSelect, onOpenEdge, onAdd } = props;
  const nodeTypes = useNodeTypes();
  return (
    <div className={classes.columns}>
      {!isReadOnly && (
        <Palette
          nodeTypes={[...nodeTypes.values()]}
          place={placementText(document, node, nodeTypes)}
          hasTrigger={document.nodes.some(({ type }) => nodeTypes.get(type)?.isStart ?? false)}
          onAdd={(type: NodeType) => {
            onAdd(placeNode(document, type, node, nodeTypes));
          }}
        />
      )}
      <EditorCanvas
        document={document}
        nodeTypes={nodeTypes}
        problems={problems}
        selected={node?.id ?? null}
        isReadOnly={isReadOnly}
        dispatch={dispatch}
        onSelect={onSelect}
        onOpenEdge={onOpenEdge}
      />
      <fieldset disabled={isReadOnly} className={classes.side}>
        {node ? (
          <Inspector
            document={document}
            node={node}
            nodeTypes={nodeTypes}
            problems={problems}
            isReadOnly={isReadOnly}
            dispatch={dispatch}
            onSelect={onSelect}
            onAddNode={(type, source, label) => {
              onAdd(placeNodeAfter(document, type, source, label));
            }}
          />
        ) : (
          <p className={classes.hint}>
            {t`Select a node to edit its settings and next steps. Drag nodes to move them. To connect two nodes, drag from the dot below one to the other, or use the settings.`}
          </p>
        )}
      </fieldset>
    </div>
  );
}
