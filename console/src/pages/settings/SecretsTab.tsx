import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Button, PasswordInput, Textarea, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type SubmitEvent, useRef, useState } from 'react';
import type { SecretName } from '../../shared/api/types';
import { useAllows } from '../../shared/auth/role';
import { useServices } from '../../shared/auth/services';
import { ConfirmDialog } from '../../shared/ui/ConfirmDialog';
import { Dialog, DialogDecision } from '../../shared/ui/Dialog';
import { EmptyState } from '../../shared/ui/EmptyState';
import { fieldError, formError, useFocusOnError } from '../../shared/ui/forms';
import { SimpleList, SimpleListAction, SimpleListItem } from '../../shared/ui/SimpleList';
import { RelativeTime, useNow } from '../../shared/ui/Time';
import { deleteSecret, type SecretChange, secretsQuery, setSecret } from './queries';
import classes from './Settings.module.css';

/** How a node reads a secret. */
const REFERENCE = '{{secret.NAME}}';

/** The hosts in the field, one per line. */
function hostsIn(values: FormData): string[] {
  const text = values.get('allowedHosts');
  if (typeof text !== 'string') return [];
  return text
    .split(/[\s,]+/)
    .map((host) => host.trim())
    .filter((host) => host !== '');
}

interface HostsFieldProps {
  hosts?: readonly string[];
  error: string | null;
}

function HostsField({ hosts = [], error }: HostsFieldProps) {
  return (
    <Textarea
      label={t`Allowed hosts`}
      name="allowedHosts"
      description={t`One per line: api.partner.example, or *.partner.example for all its subdomains. If empty, the secret is only sent to hosts that are written in an automation, not to hosts that come from a run’s data.`}
      rows={3}
      defaultValue={hosts.join('\n')}
      error={error}
      spellCheck={false}
    />
  );
}

function HostsDialog({ secret, onClose }: { secret: SecretName; onClose: () => void }) {
  const { api } = useServices();
  const queries = useQueryClient();
  const form = useRef<HTMLFormElement>(null);
  const { mutate, error, isPending } = useMutation({
    mutationFn: (allowedHosts: string[]) => setSecret(api, secret.name, { allowedHosts }),
    networkMode: 'always',
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['secrets'] });
      onClose();
    },
  });
  useFocusOnError(form, error);
  const general = formError(error, ['allowedHosts']);

  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    mutate(hostsIn(new FormData(event.currentTarget)));
  }

  return (
    <Dialog title={t`Allowed hosts of ${secret.name}`} opened onClose={onClose}>
      <form ref={form} onSubmit={submit} className={classes.dialogForm}>
        <p>{t`Changes apply from the next request. The secret’s value does not change.`}</p>
        <HostsField hosts={secret.allowedHosts} error={fieldError(error, 'allowedHosts')} />
        <DialogDecision
          cancel={t`Cancel`}
          confirm={t`Save hosts`}
          error={general}
          isPending={isPending}
          onCancel={onClose}
        />
      </form>
    </Dialog>
  );
}

interface SetProps {
  /** The secret to replace; absent for a new one. */
  name?: string;
  onClose: () => void;
}

function SetDialog({ name, onClose }: SetProps) {
  const { api } = useServices();
  const queries = useQueryClient();
  const form = useRef<HTMLFormElement>(null);
  const { mutate, error, isPending } = useMutation({
    mutationFn: (secret: { name: string } & SecretChange) => {
      const { name: written, ...change } = secret;
      return setSecret(api, written, change);
    },
    networkMode: 'always',
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['secrets'] });
      onClose();
    },
  });
  useFocusOnError(form, error);
  const general = formError(
    error,
    name === undefined ? ['name', 'value', 'allowedHosts'] : ['value'],
  );

  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const values = new FormData(event.currentTarget);
    const [written, value] = [name ?? values.get('name'), values.get('value')];
    if (typeof written !== 'string' || typeof value !== 'string') return;
    const hosts = hostsIn(values);
    mutate({ name: written.trim(), value, ...(hosts.length > 0 && { allowedHosts: hosts }) });
  }

  return (
    <Dialog title={name === undefined ? t`New secret` : t`Replace ${name}`} opened onClose={onClose}>
      <form ref={form} onSubmit={submit} className={classes.dialogForm} autoComplete="off">
        {name === undefined ? (
          <TextInput
            label={t`Name`}
            name="name"
            description={t`Capital letters, digits and _, for example SCORE_KEY. Nodes read it as ${'{{secret.SCORE_KEY}}'}.`}
            required
            withAsterisk={false}
            data-autofocus
            error={fieldError(error, 'name')}
          />
        ) : (
          <p>
            {t`Automations use the new value within seconds. The previous value is deleted and cannot be restored.`}
          </p>
        )}
        <PasswordInput
          label={t`Value`}
          name="value"
          description={t`Nobody can read the value after you save it, neither here nor through the API.`}
          autoComplete="new-password"
          required
          withAsterisk={false}
          error={fieldError(error, 'value')}
          visibilityToggleButtonProps={{ 'aria-label': t`Show the value`, tabIndex: 0 }}
        />
        {name === undefined && <HostsField error={fieldError(error, 'allowedHosts')} />}
        <DialogDecision
          cancel={t`Cancel`}
          confirm={t`Save secret`}
          error={general}
          isPending={isPending}
          onCancel={onClose}
        />
      </form>
    </Dialog>
  );
}

type Asking =
  | { kind: 'new' }
  | { kind: 'set' | 'delete'; name: string }
  | { kind: 'hosts'; secret: SecretName };

function Facts({ secret, now }: { secret: SecretName; now: number }) {
  return (
    <>
      {secret.allowedHosts.length > 0 && <>{t`Allowed hosts: ${secret.allowedHosts.join(', ')}`} · </>}
      <Trans>
        Set <RelativeTime time={secret.updatedAt} now={now} />
      </Trans>
      {' · '}
      {secret.lastUsedAt === null ? (
        t`never used`
      ) : (
        <Trans>
          last used <RelativeTime time={secret.lastUsedAt} now={now} />
        </Trans>
      )}
    </>
  );
}

/** The workspace's secrets: their names and when they were used. Values cannot be read. */
export function SecretsTab() {
  const { api } = useServices();
  const now = useNow();
  const queries = useQueryClient();
  const mayEdit = useAllows('ADMIN');
  const [asking, setAsking] = useState<Asking | null>(null);
  const close = () => {
    setAsking(null);
  };
  const newSecret = (
    <Button
      onClick={() => {
        setAsking({ kind: 'new' });
      }}
    >
      {t`New secret`}
    </Button>
  );
  return (
    <>
      <div className={classes.intro}>
        <p>
          <Trans>
            Keys and tokens for API calls. Nodes read them as{' '}
            <code>{REFERENCE}</code>. Saved values cannot be shown. Times of last use are
            updated hourly.
          </Trans>
        </p>
        {mayEdit && newSecret}
      </div>
      <SimpleList
        label={t`Secrets`}
        query={useQuery(secretsQuery(api))}
        empty={
          <EmptyState title={t`No secrets yet`}>
            <p>{t`Store keys and tokens here, never directly in a node’s headers.`}</p>
          </EmptyState>
        }
      >
        {(secret) => (
          <SimpleListItem
            key={secret.name}
            title={<code>{secret.name}</code>}
            actions={
              mayEdit && (
                <>
                  <SimpleListAction
                    label={t`Replace ${secret.name}`}
                    onClick={() => {
                      setAsking({ kind: 'set', name: secret.name });
                    }}
                  >
                    {t`Replace value`}
                  </SimpleListAction>
                  <SimpleListAction
                    label={t`Allowed hosts of ${secret.name}`}
                    onClick={() => {
                      setAsking({ kind: 'hosts', secret });
                    }}
                  >
                    {t`Allowed hosts`}
                  </SimpleListAction>
                  <SimpleListAction
                    label={t`Delete ${secret.name}`}
                    onClick={() => {
                      setAsking({ kind: 'delete', name: secret.name });
                    }}
                  >
                    {t`Delete`}
                  </SimpleListAction>
                </>
              )
            }
          >
            <Facts secret={secret} now={now} />
          </SimpleListItem>
        )}
      </SimpleList>
      {asking?.kind === 'new' && <SetDialog onClose={close} />}
      {asking?.kind === 'set' && <SetDialog name={asking.name} onClose={close} />}
      {asking?.kind === 'hosts' && <HostsDialog secret={asking.secret} onClose={close} />}
      {asking?.kind === 'delete' && (
        <ConfirmDialog
          title={t`Delete ${asking.name}?`}
          action={t`Delete secret`}
          run={async () => {
            await deleteSecret(api, asking.name);
            await queries.invalidateQueries({ queryKey: ['secrets'] });
          }}
          onClose={close}
        >
          <p>
            {t`The value is deleted permanently. Nodes that use it fail until you create a secret with this name again.`}
          </p>
        </ConfirmDialog>
      )}
    </>
  );
}
