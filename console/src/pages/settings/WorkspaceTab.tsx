import { t } from '@lingui/core/macro';
import { Button, Checkbox, Skeleton, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type SubmitEvent, useRef } from 'react';
import type { Settings, SettingsDocument } from '../../shared/api/types';
import { useServices } from '../../shared/auth/services';
import { ErrorNotice, Notice } from '../../shared/ui/ErrorNotice';
import form from '../../shared/ui/Form.module.css';
import { fieldError, formError, useFocusOnError } from '../../shared/ui/forms';
import { saveSettings, settingsQuery } from './queries';

function SettingsForm({ settings }: { settings: Settings }) {
  const { api } = useServices();
  const queries = useQueryClient();
  const element = useRef<HTMLFormElement>(null);
  const { mutate, error, isPending, isSuccess } = useMutation({
    mutationFn: (changed: SettingsDocument) => saveSettings(api, changed),
    networkMode: 'always',
    onSuccess: (saved) => {
      queries.setQueryData(['settings'], saved);
      // The navigation shows the name.
      void queries.invalidateQueries({ queryKey: ['me'] });
    },
  });
  useFocusOnError(element, error);
  const general = formError(error, ['name', 'retentionDays']);

  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const values = new FormData(event.currentTarget);
    const name = values.get('name');
    if (typeof name !== 'string') return;
    mutate({
      name: name.trim(),
      retentionDays: Number(values.get('retentionDays')),
      requireMfa: values.has('requireMfa'),
    });
  }

  return (
    <form ref={element} onSubmit={submit} noValidate className={form.form}>
      {general && <ErrorNotice error={general} />}
      <TextInput
        label={t`Workspace name`}
        name="name"
        maxLength={100}
        defaultValue={settings.name}
        error={fieldError(error, 'name')}
      />
      <TextInput
        label={t`Retention (days)`}
        name="retentionDays"
        type="number"
        description={t`How long runs, deliveries and refusals are kept after they end. A change applies only to new ones.`}
        defaultValue={settings.retentionDays}
        error={fieldError(error, 'retentionDays')}
      />
      <Checkbox
        label={t`Require a second factor`}
        name="requireMfa"
        description={t`Members without a second factor lose access until they switch one on. You need one yourself first.`}
        defaultChecked={settings.requireMfa}
      />
      <div className={form.buttons}>
        <Button type="submit" loading={isPending}>
          {t`Save`}
        </Button>
      </div>
      {isSuccess && <Notice title={t`Saved`} />}
    </form>
  );
}

/** The workspace's name, retention and sign-in rule. */
export function WorkspaceTab() {
  const { api } = useServices();
  const { data: settings, error, refetch } = useQuery(settingsQuery(api));
  if (error) return <ErrorNotice error={error} onRetry={() => void refetch()} />;
  if (!settings) {
    return (
      <div role="status" aria-label={t`Loading the settings`}>
        <Skeleton height={220} />
      </div>
    );
  }
  return <SettingsForm settings={settings} />;
}
