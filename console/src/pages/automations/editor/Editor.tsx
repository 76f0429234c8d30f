import { useMutation, useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useCallback, useEffect, useReducer, useRef, useState } from 'react';
import { useNavigate } from 'react-router';
import { useAddressState, useKeptState } from '../../../shared/address/addressState';
import { ApiError } from '../../../shared/api/problem';
import { useAllows } from '../../../shared/auth/role';
import { useServices } from '../../../shared/auth/services';
import { type NodeType, useNodeTypes } from '../../../shared/graph/useNodeTypes';
import { ErrorNotice, Notice } from '../../../shared/ui/ErrorNotice';
import { LeaveGuard } from '../../../shared/ui/LeaveGuard';
import { automationQuery, rememberAutomation } from '../queries';
import { StatusDialog } from '../StatusDialog';
import type { Automation } from '../types';
import { EDITOR } from './address';
import { ConflictDialog } from './ConflictDialog';
import {
  type AutomationDocument,
  fromJson,
  isSameDocument,
  reduce,
  startEditing,
  toDocument,
  toWire,
} from './document';
import { dropDraft } from './drafts';
import classes from './Editor.module.css';
import { EditorCanvas } from './EditorCanvas';
import { EditorHead } from './EditorHead';
import { exitId, findField } from './fieldId';
import { Inspector } from './Inspector';
import { Palette } from './Palette';
import { addAfter, addAt, placeWords } from './placing';
import { ProblemList } from './ProblemList';
import { type DocumentProblem, nodeOf, useProblems } from './problems';
import { saveAutomation } from './save';
import { useUnsaved } from './useUnsaved';

const JsonEditor = lazy(() => import('./JsonEditor'));

/** The draft as it is saved; null for the revision of what never was. */
export interface Saved {
  document: AutomationDocument;
  revision: number | null;
}

interface Props {
  /** Null for a new one. */
  automation: Automation | null;
  saved: Saved;
  /** What to begin with: what is saved, or work that was kept. */
  first: AutomationDocument;
  storageKey: string;
}

function asText(document: AutomationDocument): string {
  return JSON.stringify(toWire(document), null, 2);
}

/** JSON that is being written, while it is no document. */
interface BrokenText {
  text: string;
  error: string;
}

function parseDocument(text: string): AutomationDocument | string {
  try {
    return fromJson(JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError) return error.message;
    throw error;
  }
}

/** What a problem leads to, once it is on the page. */
type Goal = { nodeId: string; field: string | null } | { edge: number };

/** Whether it is there. */
function focusGoal(goal: Goal): boolean {
  const element =
    'edge' in goal
      ? document.getElementById(exitId(goal.edge))
      : goal.field === null
        ? document.querySelector<HTMLElement>(`section[aria-label="Node ${goal.nodeId}"] input`)
        : findField(goal.nodeId, goal.field);
  element?.scrollIntoView({ block: 'center' });
  const inside = element?.matches('input, select, textarea, button')
    ? element
    : (element?.querySelector<HTMLElement>('select, input, textarea') ?? element);
  inside?.focus();
  return inside !== null;
}

export function Editor({ automation, saved: firstSaved, first, storageKey }: Props) {
  const { api } = useServices();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const cameFrom = useKeptState();
  const nodeTypes = useNodeTypes();
  const mayEdit = useAllows('ADMIN');
  const isReadOnly = !mayEdit || automation?.status === 'ARCHIVED';
  const automationId = automation?.id ?? null;

  const [{ view: chosenView, node: selected, activate }, changeAddress] = useAddressState(EDITOR);
  const view = chosenView ?? 'visual';

  const [state, dispatch] = useReducer(reduce, first, startEditing);
  const { document: edited } = state;
  const [saved, setSaved] = useState(firstSaved);
  const [broken, setBroken] = useState<BrokenText | null>(null);
  const [jsonText, setJsonText] = useState(() => asText(first));
  const [goal, setGoal] = useState<Goal | null>(null);
  const [conflict, setConflict] = useState<Automation | null>(null);
  const [activating, setActivating] = useState<Automation | null>(null);

  const isDirty = !isReadOnly && !isSameDocument(edited, saved.document);
  const isKept = useUnsaved(storageKey, edited, saved.revision, isDirty);
  const found = useProblems(automationId, edited, !isReadOnly);
  const node = edited.nodes.find(({ id }) => id === selected);

  const select = useCallback(
    (nodeId: string | null) => {
      changeAddress({ node: nodeId }, 'replace');
    },
    [changeAddress],
  );

  // The text follows the document, but for the spaces of whoever writes it.
  const written = broken?.text ?? jsonText;
  const parsed = broken ? null : parseDocument(written);
  const isStale = parsed !== null && (typeof parsed === 'string' || !isSameDocument(parsed, edited));
  if (isStale) setJsonText(asText(edited));

  // The address changes a moment after the goal is set: it is reached once, when it is there.
  const reached = useRef<Goal | null>(null);
  useEffect(() => {
    if (goal === null || reached.current === goal) return;
    if (focusGoal(goal)) reached.current = goal;
  }, [goal, selected, view]);

  function openProblem(problem: DocumentProblem) {
    const nodeId = nodeOf(problem, edited);
    if (nodeId === null) {
      if (problem.field === 'name') document.getElementById('automation-name')?.focus();
      return;
    }
    changeAddress({ view: null, node: nodeId }, 'replace');
    setGoal(problem.edge === null ? { nodeId, field: problem.field } : { edge: problem.edge });
  }

  function openEdge(index: number) {
    const edge = edited.edges[index];
    if (!edge) return;
    select(edge.source);
    setGoal({ edge: index });
  }

  function add(placed: ReturnType<typeof addAt>) {
    dispatch(placed);
    select(placed.node.id);
    setGoal({ nodeId: placed.node.id, field: null });
  }

  function writeJson(text: string) {
    const result = parseDocument(text);
    if (typeof result === 'string') {
      setBroken({ text, error: result });
      return;
    }
    setBroken(null);
    setJsonText(text);
    if (!isSameDocument(result, edited)) dispatch({ type: 'REPLACE', document: result });
  }

  const saving = useMutation({
    networkMode: 'always',
    mutationFn: ({ revision }: { revision: number | null; activates: boolean }) =>
      saveAutomation(api, automationId, edited, revision),
    onSuccess: (answer, { activates }) => {
      setConflict(null);
      setSaved({ document: toDocument(answer), revision: answer.revision });
      dropDraft(storageKey);
      rememberAutomation(queries, answer);
      if (activates) setActivating(answer);
      if (automationId === null) afterCreation(answer, activates);
    },
    onError: async (error) => {
      if (!(error instanceof ApiError) || error.status !== 409 || automationId === null) return;
      const theirs = await queries.query({ ...automationQuery(api, automationId), staleTime: 0 });
      if (theirs.revision !== saved.revision) setConflict(theirs);
    },
  });

  /** A new automation has an address of its own now. */
  function afterCreation(created: Automation, activates: boolean) {
    const own = EDITOR.address(`/automations/${created.id}/edit`, {
      activate: activates ? 'true' : null,
    });
    void navigate(own, { replace: true, state: cameFrom });
  }

  function save(activates: boolean) {
    if (broken || saving.isPending) return;
    if (found.problems.length > 0) {
      document.getElementById('problems')?.focus();
      return;
    }
    if (activates && !isDirty && automation) {
      setActivating(queries.getQueryData(automationQuery(api, automation.id).queryKey) ?? automation);
      return;
    }
    saving.mutate({ revision: saved.revision, activates });
  }

  // The question that goes with "save and activate" of a new one, at its own address.
  const asksToActivate = activate === 'true' && automation !== null;
  const question = activating ?? (asksToActivate && mayEdit ? automation : null);
  function closeQuestion() {
    setActivating(null);
    if (asksToActivate) changeAddress({ activate: null }, 'replace');
  }

  const keys = useRef({ save });
  useEffect(() => {
    keys.current = { save };
  });
  useEffect(() => {
    if (isReadOnly) return;
    function onKey(event: KeyboardEvent) {
      if (!event.ctrlKey && !event.metaKey) return;
      const key = event.key.toLowerCase();
      const target = event.target instanceof HTMLElement ? event.target : null;
      // Fields and the JSON view undo what is typed in them by themselves.
      const isWriting = target?.closest('input, textarea, select, [data-json-editor]');
      if (key === 's') {
        event.preventDefault();
        keys.current.save(false);
      } else if (key === 'z' && !isWriting) {
        event.preventDefault();
        dispatch({ type: event.shiftKey ? 'REDO' : 'UNDO' });
      }
    }
    window.addEventListener('keydown', onKey);
    return () => {
      window.removeEventListener('keydown', onKey);
    };
  }, [isReadOnly]);

  const problems = found.problems;
  return (
    <div className={classes.editor}>
      <LeaveGuard isDirty={isDirty}>
        Your changes are kept in this tab: they are offered when you come back to this page.
      </LeaveGuard>
      <fieldset disabled={isReadOnly} className={classes.plainFieldset}>
        <EditorHead
          automation={automation}
          document={edited}
          view={view}
          canUndo={state.past.length > 0}
          canRedo={state.future.length > 0}
          isDirty={isDirty}
          isNew={automationId === null}
          isReadOnly={isReadOnly}
          isSaving={saving.isPending}
          problemCount={problems.length}
          dispatch={dispatch}
          onSave={save}
        />
      </fieldset>
      {isReadOnly && (
        <Notice title="This is for reading only">
          <p>
            {mayEdit
              ? 'An archived automation can never be changed again.'
              : 'An admin or owner of the workspace can change automations.'}
          </p>
        </Notice>
      )}
      {!isKept && (
        <Notice tone="bad" title="Your changes cannot be kept in this tab">
          <p>Its storage is full. Save before you leave the page.</p>
        </Notice>
      )}
      {saving.error && !conflict && (
        <ErrorNotice error={saving.error} />
      )}
      {view === 'json' ? (
        <>
          {broken && (
            <Notice tone="bad" title="This is no automation yet">
              <p>{broken.error}</p>
              <p>The other view shows what it was before.</p>
            </Notice>
          )}
          <Suspense fallback={<div role="status">Loading the JSON view…</div>}>
            <JsonEditor
              text={broken?.text ?? jsonText}
              problems={problems}
              isReadOnly={isReadOnly}
              onChange={writeJson}
            />
          </Suspense>
        </>
      ) : (
        <div className={classes.columns}>
          {!isReadOnly && (
            <Palette
              nodeTypes={[...nodeTypes.values()]}
              place={placeWords(edited, node, nodeTypes)}
              hasTrigger={edited.nodes.some(({ type }) => nodeTypes.get(type)?.isStart ?? false)}
              onAdd={(type: NodeType) => {
                add(addAt(edited, type, node, nodeTypes));
              }}
            />
          )}
          <EditorCanvas
            document={edited}
            nodeTypes={nodeTypes}
            problems={problems}
            selected={node?.id ?? null}
            isReadOnly={isReadOnly}
            dispatch={dispatch}
            onSelect={select}
            onOpenEdge={openEdge}
          />
          <fieldset disabled={isReadOnly} className={classes.side}>
            {node ? (
              <Inspector
                document={edited}
                node={node}
                nodeTypes={nodeTypes}
                problems={problems}
                isReadOnly={isReadOnly}
                dispatch={dispatch}
                onSelect={select}
                onAddNode={(type, source, label) => {
                  add(addAfter(edited, type, source, label));
                }}
              />
            ) : (
              <p className={classes.hint}>
                Choose a node to see its settings and where it goes on. Nodes can be dragged; an edge
                is drawn from the dot below a node to another one, or chosen in the settings.
              </p>
            )}
          </fieldset>
        </div>
      )}
      {!isReadOnly && <ProblemList found={found} document={edited} onOpen={openProblem} />}
      {conflict && (
        <ConflictDialog
          theirs={conflict}
          mine={edited}
          isSaving={saving.isPending}
          onTakeTheirs={() => {
            const theirs = toDocument(conflict);
            dispatch({ type: 'RESET', document: theirs });
            setSaved({ document: theirs, revision: conflict.revision });
            setConflict(null);
            saving.reset();
          }}
          onOverwrite={() => {
            saving.mutate({ revision: conflict.revision, activates: false });
          }}
          onClose={() => {
            setConflict(null);
          }}
        />
      )}
      {question && (
        <StatusDialog automation={question} change="activate" onClose={closeQuestion} />
      )}
    </div>
  );
}
