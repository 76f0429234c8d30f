import { t } from '@lingui/core/macro';
import { Button, TextInput } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import { type Dispatch, useCallback, useMemo, useState } from 'react';
import type { GraphNode } from '../../../shared/graph/model';
import { NodeIcon } from '../../../shared/graph/NodeIcon';
import { type NodeType, nodeTitle } from '../../../shared/graph/useNodeTypes';
import { CodeText } from '../../../shared/ui/CodeText';
import { Json } from '../../../shared/ui/Json';
import { type Action, type AutomationDocument, NODE_ID } from './document';
import classes from './Editor.module.css';
import { ConfigForm } from './form/ConfigForm';
import { OutgoingEdgeList } from './OutgoingEdgeList';
import { outgoingEdgesOf } from './outgoingEdges';
import { type DocumentProblem, fieldProblems } from './problems';

interface Props {
  document: AutomationDocument;
  node: GraphNode;
  nodeTypes: ReadonlyMap<string, NodeType>;
  problems: readonly DocumentProblem[];
  isReadOnly: boolean;
  dispatch: Dispatch<Action>;
  onSelect: (nodeId: string | null) => void;
  onAddNode: (type: NodeType, source: string, label: string | null) => void;
}

interface NameProps {
  document: AutomationDocument;
  nodeId: string;
  onRename: (to: string) => void;
}

/**
 * The name field of a node. A change applies on blur or Enter, because edges and Liquid follow it.
 */
function NameField({ document, nodeId, onRename }: NameProps) {
  const [typed, setTyped] = useState(nodeId);
  const isTaken = typed !== nodeId && document.nodes.some(({ id }) => id === typed);
  const error = isTaken
    ? t`Another node has this name.`
    : NODE_ID.test(typed)
      ? undefined
      : t`Start with a letter, then up to 47 letters, digits and _.`;
  function apply() {
    if (error === undefined && typed !== nodeId) onRename(typed);
  }
  return (
    <TextInput
      label={t`Name`}
      description={t`Must be unique in the automation. ${'{{steps.<name>.…}}'} reads the node's output.`}
      value={typed}
      error={error}
      spellCheck={false}
      onChange={(event) => {
        setTyped(event.currentTarget.value);
      }}
      onBlur={apply}
      onKeyDown={(event) => {
        if (event.key === 'Enter') apply();
      }}
    />
  );
}

/** The first sentence; the rest is collapsed. */
function Description({ text }: { text: string }) {
  const [, first = text, rest = ''] = /^(.*?\.)\s+(.*)$/s.exec(text) ?? [];
  return (
    <div className={classes.hint}>
      <CodeText text={first} />
      {rest !== '' && (
        <details>
          <summary>{t`More`}</summary>
          <CodeText text={rest} />
        </details>
      )}
    </div>
  );
}

/** Edits one node: its name, its settings and its outgoing edges. */
export function Inspector(props: Props) {
  const { document, node, nodeTypes, problems, isReadOnly, dispatch, onSelect, onAddNode } = props;
  const type = nodeTypes.get(node.type);
  const outgoing = outgoingEdgesOf(document, node, type);
  const fields = useMemo(() => fieldProblems(problems, node.id), [problems, node.id]);
  const whole = problems.filter(({ nodeId, field }) => nodeId === node.id && field === null);
  const setConfig = useCallback(
    (config: Record<string, unknown>, field: string) => {
      dispatch({ type: 'SET_CONFIG', nodeId: node.id, config, field });
    },
    [dispatch, node.id],
  );
  return (
    <section aria-label={t`Node ${node.id}`} className={classes.inspector}>
      <header className={classes.inspectorHead}>
        <h2>
          <NodeIcon name={type?.icon} size={18} /> {nodeTitle(nodeTypes, node.type)}
        </h2>
        {!isReadOnly && (
          <Button
            variant="default"
            size="xs"
            leftSection={<IconTrash size={14} aria-hidden />}
            onClick={() => {
              dispatch({ type: 'REMOVE_NODE', nodeId: node.id });
              onSelect(null);
            }}
          >
            {t`Delete`}
          </Button>
        )}
      </header>
      {type && <Description text={type.description} />}
      {whole.length > 0 && (
        <ul className={classes.error}>
          {whole.map(({ words }, index) => (
            <li key={index}>{words}</li>
          ))}
        </ul>
      )}
      <NameField
        key={node.id}
        document={document}
        nodeId={node.id}
        onRename={(to) => {
          dispatch({ type: 'RENAME_NODE', nodeId: node.id, to });
          onSelect(to);
        }}
      />
      {type ? (
        <ConfigForm
          key={`${node.id} config`}
          nodeId={node.id}
          schema={type.configSchema}
          config={node.config}
          problems={fields}
          onChange={setConfig}
        />
      ) : (
        <Json label={t`Settings of ${node.id}`} value={node.config} />
      )}
      <h3>{t`Next steps`}</h3>
      <OutgoingEdgeList
        document={document}
        node={node}
        outgoing={outgoing}
        nodeTypes={nodeTypes}
        problems={problems}
        onAddEdge={(edge) => {
          dispatch({ type: 'ADD_EDGE', edge });
        }}
        onSetEdge={(index, edge) => {
          dispatch({ type: 'SET_EDGE', index, edge });
        }}
        onRemoveEdge={(index) => {
          dispatch({ type: 'REMOVE_EDGE', index });
        }}
        onAddNode={(added, label) => {
          onAddNode(added, node.id, label);
        }}
      />
    </section>
  );
}
