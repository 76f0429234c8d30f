import { t } from '@lingui/core/macro';
import { Button, Checkbox, NativeSelect, Skeleton, Textarea, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { Link } from 'react-router';
import type { RerunPreview, RunDetail } from '../../shared/api/types';
import { useAllows } from '../../shared/auth/role';
import { useServices } from '../../shared/auth/services';
import { withDecision } from '../../shared/subjects/effectChoices';
import { Dialog, DialogActions, DialogDecision } from '../../shared/ui/Dialog';
import { ErrorNotice, Notice } from '../../shared/ui/ErrorNotice';
import { capitalize, formatWord } from '../../shared/ui/format';
import { formError } from '../../shared/ui/forms';
import { rerun, rerunPreviewQuery } from './queries';
import classes from './RerunDialog.module.css';
import { emptyForm, rerunDocument, type RerunForm, START, startingSteps } from './rerunForm';
import { RerunPreviewList } from './RerunPreviewList';

interface Props {
  run: RunDetail;
  onClose: () => void;
}

const TYPING_PAUSE_MS = 300;

function Opened({ runId, onClose }: { runId: string; onClose: () => void }) {
  return (
    <>
      <Notice title={t`Rerun opened`}>
        <p>{t`The new run starts now. This run stays as it is.`}</p>
      </Notice>
      <DialogActions>
        <Button variant="default" onClick={onClose}>
          {t`Close`}
        </Button>
        <Button component={Link} to={`/runs/${runId}`} onClick={onClose}>
          {t`Open the new run`}
        </Button>
      </DialogActions>
    </>
  );
}

interface FieldProps {
  run: RunDetail;
  form: RerunForm;
  onChange: (changes: Partial<RerunForm>) => void;
}

/** Where the rerun begins, and on which version. */
function StartFields({ run, form, onChange }: FieldProps) {
  const nodes = startingSteps(run).map(({ nodeId, status }) => ({
    value: nodeId,
    label: `${nodeId} (${formatWord(status).toLowerCase()})`,
  }));
  return (
    <div className={classes.pair}>
      <NativeSelect
        label={t`From`}
        data={[{ value: START, label: t`The start` }, ...nodes]}
        value={form.from}
        data-autofocus
        onChange={(event) => {
          // Choices belong to the nodes that are visited again.
          onChange({ from: event.currentTarget.value, decisions: {} });
        }}
      />
      <NativeSelect
        label={t`Version`}
        data={[
          { value: 'SAME', label: t`Version ${run.version}, as in this run` },
          { value: 'ACTIVE', label: t`The active version` },
        ]}
        value={form.version}
        onChange={(event) => {
          const version = event.currentTarget.value === 'ACTIVE' ? 'ACTIVE' : 'SAME';
          onChange({ version, decisions: {} });
        }}
      />
    </div>
  );
}

/** Another event body, which is only possible from the start. */
function BodyFields({ run, form, onChange, error }: FieldProps & { error: string | null }) {
  if (form.from !== START) return null;
  return (
    <>
      <Checkbox
        label={t`Change the event’s body`}
        checked={form.body !== null}
        onChange={(event) => {
          const text = JSON.stringify(run.payload ?? {}, null, 2);
          onChange({ body: event.currentTarget.checked ? text : null });
        }}
      />
      {form.body !== null && (
        <Textarea
          label={t`Body`}
          autosize
          minRows={3}
          maxRows={12}
          spellCheck={false}
          styles={{ input: { fontFamily: 'var(--mono)', fontSize: '0.825rem' } }}
          error={error}
          value={form.body}
          onChange={(event) => {
            onChange({ body: event.currentTarget.value });
          }}
        />
      )}
    </>
  );
}

function Problems({ preview }: { preview: RerunPreview }) {
  if (preview.problems.length === 0) return null;
  return (
    <Notice title={t`Your choice is needed before the rerun`}>
      <ul className={classes.problems}>
        {preview.problems.map(({ message }, index) => (
          <li key={index}>{capitalize(message)}.</li>
        ))}
      </ul>
    </Notice>
  );
}

/** The automations that start when a run of this one ends. */
function DownstreamField({ form, preview, onChange }: Omit<FieldProps, 'run'> & { preview: RerunPreview }) {
  if (preview.downstream.length === 0) return null;
  const names = preview.downstream.map(({ automationName }) => automationName).join(', ');
  return (
    <Checkbox
      label={t`Also start the automations that follow this one`}
      description={t`When the rerun ends, it starts: ${names}.`}
      checked={form.firesDownstream}
      onChange={(event) => {
        onChange({ firesDownstream: event.currentTarget.checked });
      }}
    />
  );
}

/** Shows what a rerun would do, asks for the choices it needs, and opens it. */
export default function RerunDialog({ run, onClose }: Props) {
  const { api } = useServices();
  const queries = useQueryClient();
  const mayRepeatMessages = useAllows('ADMIN');
  // One key per dialog: a click that is repeated after a lost answer opens one rerun.
  const [idempotencyKey] = useState(() => crypto.randomUUID());
  const [form, setForm] = useState(() => emptyForm(run));
  const document = useMemo(() => rerunDocument({ ...form, reason: '' }), [form]);
  const asked = 'problem' in document ? null : document;
  const [settled] = useDebouncedValue(asked, TYPING_PAUSE_MS, { leading: true });
  const query = useQuery(rerunPreviewQuery(api, run.id, settled));
  // A refused choice keeps the list, so that it can be changed.
  const [shown, setShown] = useState<RerunPreview | null>(null);
  if (query.data && query.data !== shown) setShown(query.data);
  const isCurrent = query.data !== undefined && JSON.stringify(settled) === JSON.stringify(asked);

  const { mutate, data, error, isPending, reset } = useMutation({
    mutationFn: async () => {
      const sent = rerunDocument(form);
      if ('problem' in sent) throw new Error(sent.problem);
      return rerun(api, run.id, { ...sent, idempotencyKey });
    },
    networkMode: 'always',
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ['run', run.id] });
      void queries.invalidateQueries({ queryKey: ['runs'] });
    },
  });

  function change(changes: Partial<RerunForm>) {
    setForm((current) => ({ ...current, ...changes }));
    reset();
  }

  const refusal = error ?? query.error;
  const fields = Object.keys(form.decisions).map((nodeId) => `effects.${nodeId}`);
  const formProblem = 'problem' in document ? document : null;
  return (
    <Dialog title={t`Rerun this run`} isWide opened onClose={onClose}>
      {data !== undefined ? (
        <Opened runId={data} onClose={onClose} />
      ) : (
        <form
          noValidate
          className={classes.form}
          onSubmit={(event) => {
            event.preventDefault();
            mutate();
          }}
        >
          <p>
            {t`Opens a new run. Calls and messages that happened, or may have happened, do not happen again unless you choose to repeat them.`}
          </p>
          <StartFields run={run} form={form} onChange={change} />
          <BodyFields
            run={run}
            form={form}
            onChange={change}
            error={formProblem?.field === 'body' ? formProblem.problem : null}
          />
          {shown === null && query.isFetching && (
            <div role="status" aria-label={t`Working out what the rerun does`}>
              <Skeleton height={140} />
            </div>
          )}
          {shown !== null && (
            <>
              <RerunPreviewList
                run={run}
                form={form}
                preview={shown}
                mayRepeatMessages={mayRepeatMessages}
                error={refusal}
                onDecide={(nodeId, decision) => {
                  change({ decisions: withDecision(form.decisions, nodeId, decision) });
                }}
              />
              <Problems preview={shown} />
              <DownstreamField form={form} preview={shown} onChange={change} />
            </>
          )}
          {formProblem !== null && formProblem.field !== 'body' && (
            <Notice tone="bad" title={t`The output of ${formProblem.field} is invalid`}>
              <p>{formProblem.problem}</p>
            </Notice>
          )}
          <TextInput
            label={t`Reason`}
            description={t`Shown on the new run, with your name. Optional.`}
            maxLength={200}
            value={form.reason}
            onChange={(event) => {
              change({ reason: event.currentTarget.value });
            }}
          />
          {query.error && shown === null && <ErrorNotice error={query.error} />}
          <DialogDecision
            cancel={t`Cancel`}
            confirm={t`Rerun`}
            error={error ?? (shown === null ? null : formError(query.error, fields))}
            isPending={isPending}
            isDisabled={!isCurrent || shown === null || shown.problems.length > 0}
            onCancel={onClose}
          />
        </form>
      )}
    </Dialog>
  );
}
