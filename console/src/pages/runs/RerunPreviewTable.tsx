import { NativeSelect, Textarea, TextInput } from '@mantine/core';
import type { RerunNode, RerunPreview, RunDetail } from '../../shared/api/types';
import { nodeTitle, useNodeTypes } from '../../shared/graph/useNodeTypes';
import { fieldError } from '../../shared/ui/forms';
import { formatCount, formatWord } from '../../shared/ui/format';
import { ExactTime } from '../../shared/ui/Time';
import classes from './RerunDialog.module.css';
import { type Decision, needsChoice, type RerunForm } from './rerunForm';

const ACTIONS: Record<string, string> = {
  REUSED: 'Reused',
  RUN: 'Runs again',
  SUPPRESSED: 'Skipped',
  UNDECIDED: 'Needs your choice',
};

const THEN: Record<string, string> = {
  REUSE: 'does not happen again',
  REPEAT: 'happens again',
  SUPPRESS: 'is skipped',
  CHOOSE: 'needs your choice',
};

/** The statuses of messages that only an admin may send again. */
const SENT = ['SENT', 'DELIVERED'];

interface Props {
  run: RunDetail;
  form: RerunForm;
  preview: RerunPreview;
  mayRepeatMessages: boolean;
  /** The error of the last request. */
  error: Error | null;
  onDecide: (nodeId: string, decision: Decision | null) => void;
}

type NodeProps = Props & { node: RerunNode };

function Effects({ node }: { node: RerunNode }) {
  if (node.effects.length === 0) return <span className={classes.muted}>None</span>;
  return (
    <ul className={classes.effects}>
      {node.effects.map((effect, index) => (
        <li key={index}>
          <span>
            {formatWord(effect.kind)} {effect.to !== null && `to ${effect.to} `}
            <strong>{formatWord(effect.status)}</strong>
          </span>{' '}
          <span className={classes.muted}>
            <ExactTime time={effect.at} />
          </span>{' '}
          <span data-then={effect.then} className={classes.then}>
            {THEN[effect.then] ?? formatWord(effect.then)}
          </span>
        </li>
      ))}
      {node.effectCount > node.effects.length && (
        <li className={classes.muted}>
          and {formatCount(node.effectCount - node.effects.length)} earlier ones
        </li>
      )}
    </ul>
  );
}

/** Chooses what happens to the effects of one node. */
function Choice({ node, form, error, mayRepeatMessages, onDecide }: NodeProps) {
  const { nodeId } = node;
  const decision = form.decisions[nodeId];
  const isSent = node.effects.some(({ status }) => SENT.includes(status));
  const mayRepeat = mayRepeatMessages || !isSent;
  const problem = fieldError(error, `effects.${nodeId}`);

  function decide(changes: Partial<Decision>) {
    onDecide(nodeId, { do: 'REUSE', outcome: '', output: '', ...decision, ...changes });
  }

  return (
    <div className={classes.choice}>
      <NativeSelect
        size="xs"
        aria-label={`Effects of ${nodeId}`}
        data={[
          { value: '', label: node.action === 'UNDECIDED' ? 'Choose…' : 'As shown' },
          { value: 'REUSE', label: 'Reuse the result' },
          {
            value: 'REPEAT',
            label: mayRepeat ? 'Repeat' : 'Repeat (needs an admin)',
            disabled: !mayRepeat,
          },
          { value: 'SUPPRESS', label: 'Suppress' },
        ]}
        value={decision?.do ?? ''}
        error={problem}
        onChange={(event) => {
          const chosen = event.currentTarget.value;
          if (chosen === '') onDecide(nodeId, null);
          else decide({ do: chosen as Decision['do'] });
        }}
      />
      {decision?.do === 'SUPPRESS' && (
        <>
          <TextInput
            size="xs"
            label={`Outcome of ${nodeId}`}
            placeholder="As in the run"
            value={decision.outcome}
            onChange={(event) => {
              decide({ outcome: event.currentTarget.value });
            }}
          />
          <Textarea
            size="xs"
            label={`Output of ${nodeId}`}
            placeholder="As in the run, or { … }"
            autosize
            minRows={1}
            maxRows={6}
            spellCheck={false}
            value={decision.output}
            onChange={(event) => {
              decide({ output: event.currentTarget.value });
            }}
          />
        </>
      )}
    </div>
  );
}

function NodeRow(props: NodeProps) {
  const { run, form, node } = props;
  const nodeTypes = useNodeTypes();
  return (
    <tr data-node={node.nodeId}>
      <th scope="row">
        {node.nodeId}{' '}
        <span className={classes.muted}>{nodeTitle(nodeTypes, node.type)}</span>
      </th>
      <td>
        <span className={classes.action} data-action={node.action}>
          {ACTIONS[node.action] ?? formatWord(node.action)}
        </span>
      </td>
      <td>
        <Effects node={node} />
      </td>
      <td>{needsChoice(run, form, node) && <Choice {...props} />}</td>
    </tr>
  );
}

/** What a rerun does at each node, with the choices about effects. */
export function RerunPreviewTable(props: Props) {
  return (
    // It may scroll, so the keyboard must be able to focus it.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className={classes.nodes} role="region" aria-label="What the rerun does" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">Node</th>
            <th scope="col">In the rerun</th>
            <th scope="col">Effects so far</th>
            <th scope="col">Your choice</th>
          </tr>
        </thead>
        <tbody>
          {props.preview.nodes.map((node) => (
            <NodeRow key={node.nodeId} {...props} node={node} />
          ))}
        </tbody>
      </table>
    </div>
  );
}
