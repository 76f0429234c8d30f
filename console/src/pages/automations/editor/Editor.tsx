import { t } from '@lingui/core/macro';
import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useMemo, useReducer, useState } from 'react';
import { useNavigate } from 'react-router';
import { useAddressState, useKeptState } from '../../../shared/address/addressState';
import { useAllows } from '../../../shared/auth/role';
import { useServices } from '../../../shared/auth/services';
import { readGraph } from '../../../shared/graph/model';
import { ANY_TRIGGER, EDITOR_PAGE } from '../../../shared/subjects/automations';
import { ErrorNotice, Notice } from '../../../shared/ui/ErrorNotice';
import { LeaveGuard } from '../../../shared/ui/LeaveGuard';
import { automationQuery } from '../queries';
import { useEventWarnings } from '../recordedEvents';
import { RunNowDialog } from '../RunNowDialog';
import { StatusDialog } from '../StatusDialog';
import type { Automation } from '../types';
import { samplePayload, triggerOf } from '../webhook';
import { ConflictDialog } from './ConflictDialog';
import {
  type Action,
  type AutomationDocument,
  isSameDocument,
  reduce,
  startEditing,
  toDocument,
} from './document';
import classes from './Editor.module.css';
import { EditorHead } from './EditorHead';
import { EditedAutomation } from './form/EditedAutomation';
import { JsonView } from './JsonView';
import { ProblemList } from './ProblemList';
import { type DocumentProblem, nodeOf, problemsIn, type ProblemsFound, useProblems } from './problems';
import { useEditorKeys } from './useEditorKeys';
import { useExample } from './useExample';
import { useFocusTarget } from './useFocusTarget';
import { useJsonText } from './useJsonText';
import { useKeepUnsavedWork } from './useKeepUnsavedWork';
import { type Saved, useSave } from './useSave';
import { VisualView } from './VisualView';

interface Props {
  /** Null for a new one. */
  automation: Automation | null;
  saved: Saved;
  /** The initial document: the saved draft, or unsaved work that was kept. */
  first: AutomationDocument;
  storageKey: string;
}

/** The problems of the document, with warnings from recorded events instead of those of the sample. */
function useAllProblems(
  automationId: string | null,
  document: AutomationDocument,
  enabled: boolean,
): ProblemsFound {
  const found = useProblems(automationId, document, enabled);
  const fromEvents = useEventWarnings(automationId, document, enabled);
  const warnings = useMemo(() => {
    const known = new Set(fromEvents.map(({ nodeId, field, about }) => [nodeId, field, about].join()));
    return [
      ...fromEvents.map((warning) => ({ ...warning, words: warning.message })),
      ...found.warnings.filter(({ nodeId, field, message }) => !known.has([nodeId, field, message].join())),
    ];
  }, [fromEvents, found.warnings]);
  return { ...found, warnings };
}

/** The document's problems are listed below the graph. */
function SaveFailure({ error }: { error: Error }) {
  if (problemsIn(error) === null) return <ErrorNotice error={error} />;
  return (
    <Notice tone="bad" title={t`The automation was not saved`}>
      <p>{t`Fix the problems that are listed below, then save again.`}</p>
    </Notice>
  );
}

export function Editor({ automation, saved: firstSaved, first, storageKey }: Props) {
  const { api } = useServices();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const cameFrom = useKeptState();
  const mayEdit = useAllows('ADMIN');
  const isReadOnly = !mayEdit || automation?.status === 'ARCHIVED';
  const automationId = automation?.id ?? null;

  const [address, changeAddress] = useAddressState(EDITOR_PAGE);
  const view = address.view ?? 'visual';
  const focus = useFocusTarget(address.node, view);

  const [state, dispatch] = useReducer(reduce, first, startEditing);
  const { document: edited } = state;
  const node = edited.nodes.find(
    ({ id, type }) => id === address.node || (address.node === ANY_TRIGGER && type === 'TRIGGER'),
  );
  const json = useJsonText(edited, (document) => {
    dispatch({ type: 'REPLACE', document });
  });
  const [activating, setActivating] = useState<Automation | null>(null);
  /** The automation that was activated and is run for one contact. */
  const [running, setRunning] = useState<Automation | null>(null);
  const saving = useSave({
    automationId,
    edited,
    firstSaved,
    storageKey,
    onSaved(answer, activates) {
      if (activates) setActivating(answer);
      if (automationId === null) goToOwnAddress(answer, activates);
    },
  });
  const { saved, conflict } = saving;
  const isDirty = !isReadOnly && !isSameDocument(edited, saved.document);
  const isKept = useKeepUnsavedWork(storageKey, edited, saved.revision, isDirty);
  const found = useAllProblems(automationId, edited, !isReadOnly);
  const { problems } = found;

  const select = useCallback(
    (nodeId: string | null) => {
      changeAddress({ node: nodeId }, 'replace');
    },
    [changeAddress],
  );

  function openProblem(problem: DocumentProblem) {
    const nodeId = nodeOf(problem, edited);
    if (nodeId === null) {
      if (problem.field === 'name') document.getElementById('automation-name')?.focus();
      return;
    }
    changeAddress({ view: null, node: nodeId }, 'replace');
    focus(problem.edge === null ? { nodeId, field: problem.field } : { edge: problem.edge });
  }

  function openEdge(index: number) {
    const edge = edited.edges[index];
    if (!edge) return;
    select(edge.source);
    focus({ edge: index });
  }

  function add(added: Extract<Action, { type: 'ADD_NODE' | 'INSERT_NODE' }>) {
    dispatch(added);
    select(added.node.id);
    focus({ nodeId: added.node.id, field: null });
  }

  /** A new automation gets its address when it is saved. */
  function goToOwnAddress(created: Automation, activates: boolean) {
    const own = EDITOR_PAGE.address(`/automations/${created.id}/edit`, {
      activate: activates ? 'true' : null,
    });
    void navigate(own, { replace: true, state: cameFrom });
  }

  function save(activates: boolean) {
    if (json.error !== null || saving.isSaving) return;
    if (problems.length > 0) {
      document.getElementById('problems')?.focus();
      return;
    }
    if (activates && !isDirty && automation) {
      setActivating(queries.getQueryData(automationQuery(api, automation.id).queryKey) ?? automation);
      return;
    }
    saving.save(activates);
  }

  useEditorKeys(isReadOnly, {
    save() {
      save(false);
    },
    undo() {
      dispatch({ type: 'UNDO' });
    },
    redo() {
      dispatch({ type: 'REDO' });
    },
  });

  // The activation dialog of a new automation, shown at its address.
  const asksToActivate = address.activate === 'true' && automation !== null;
  const question = activating ?? (asksToActivate && mayEdit ? automation : null);
  function closeQuestion() {
    setActivating(null);
    if (asksToActivate) changeAddress({ activate: null }, 'replace');
  }

  useExample(address.example, automation, edited, (nodeId, config) => {
    dispatch({ type: 'SET_CONFIG', nodeId, config, field: 'sampleEvent' });
    changeAddress({ example: null, node: nodeId }, 'replace');
  });

  const { theirs } = conflict;
  return (
    <div className={classes.editor}>
      <LeaveGuard isDirty={isDirty}>
        {t`Your changes are kept in this tab. You can continue with them when you return to this page.`}
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
          isSaving={saving.isSaving}
          problemCount={problems.length}
          dispatch={dispatch}
          onSave={save}
        />
      </fieldset>
      {isReadOnly && (
        <Notice title={t`Read-only`}>
          <p>
            {mayEdit
              ? t`Archived automations cannot be changed.`
              : t`Only admins and owners can change automations.`}
          </p>
        </Notice>
      )}
      {!isKept && (
        <Notice tone="bad" title={t`This tab cannot keep your unsaved changes`}>
          <p>{t`The browser's storage is full. Save before you leave the page.`}</p>
        </Notice>
      )}
      {saving.error && <SaveFailure error={saving.error} />}
      {view === 'json' ? (
        <JsonView json={json} problems={problems} isReadOnly={isReadOnly} />
      ) : (
        <EditedAutomation value={automation}>
          <VisualView
            document={edited}
            node={node}
            problems={problems}
            isReadOnly={isReadOnly}
            dispatch={dispatch}
            onSelect={select}
            onOpenEdge={openEdge}
            onAdd={add}
          />
        </EditedAutomation>
      )}
      {!isReadOnly && <ProblemList found={found} document={edited} onOpen={openProblem} />}
      {theirs && (
        <ConflictDialog
          theirs={theirs}
          mine={edited}
          isSaving={saving.isSaving}
          onTakeTheirs={() => {
            dispatch({ type: 'RESET', document: toDocument(theirs) });
            saving.accept(theirs);
          }}
          onOverwrite={() => {
            saving.overwrite(theirs);
          }}
          onClose={conflict.close}
        />
      )}
      {question && (
        <StatusDialog
          automation={question}
          change="activate"
          onClose={closeQuestion}
          onRun={(activated) => {
            closeQuestion();
            setRunning(activated);
          }}
        />
      )}
      {running && (
        <RunNowDialog
          automation={running}
          sample={samplePayload(triggerOf(readGraph(running)) ?? {})}
          onClose={() => {
            setRunning(null);
          }}
        />
      )}
    </div>
  );
}
