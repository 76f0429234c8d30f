import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { SourcePreset } from '../../shared/api/types';
import { useAllows } from '../../shared/auth/role';
import { useServices } from '../../shared/auth/services';
import { ErrorNotice } from '../../shared/ui/ErrorNotice';
import { Json } from '../../shared/ui/Json';
import { ExactTime } from '../../shared/ui/Time';
import { KeysDialog } from './KeysDialog';
import { sourcePresetsQuery } from './queries';
import classes from './SenderSetup.module.css';
import { type Facts, isFacts, keysOf, type NeededKey, presetOf } from './sources';
import type { Automation, Webhook } from './types';

function hasKey(webhook: Webhook, { name }: NeededKey): boolean {
  if (name === 'secret') return webhook.hasSecret;
  return name === 'publicKey' ? webhook.hasPublicKey : webhook.hasVerifyToken;
}

function KeyState({ webhook, needed }: { webhook: Webhook; needed: NeededKey }) {
  const { name, facts } = needed;
  if (!hasKey(webhook, needed)) {
    return (
      <li>
        <Trans>{facts.name}: <strong className={classes.missing}>not set</strong>. Every event is refused
        until it is set.</Trans>
      </li>
    );
  }
  const { secretHint, keysSetAt } = webhook;
  return (
    <li>
      {name === 'secret' && secretHint
        ? t`${facts.name}: set, ends with ${secretHint}`
        : t`${facts.name}: set`}
      {keysSetAt && (
        <>
          {' · '}
          <ExactTime time={keysSetAt} />
        </>
      )}
    </li>
  );
}

interface KeysProps {
  automation: Automation;
  webhook: Webhook;
  preset: SourcePreset;
  needed: NeededKey[];
  /** Why keys cannot be set now; null if they can. */
  obstacle: string | null;
}

function setLabel(replaces: boolean, isSecret: boolean): string {
  if (isSecret) return replaces ? t`Replace the secret` : t`Set the secret`;
  return replaces ? t`Replace the keys` : t`Set the keys`;
}

function Keys({ automation, webhook, preset, needed, obstacle }: KeysProps) {
  const mayRotate = useAllows('ADMIN');
  const [isOpen, setOpen] = useState(false);
  const replaces = needed.some((key) => hasKey(webhook, key));
  const isSecret = needed.length === 1 && needed[0]?.name === 'secret';
  return (
    <>
      <ul className={classes.keys}>
        {needed.map((key) => (
          <KeyState key={key.name} webhook={webhook} needed={key} />
        ))}
      </ul>
      {webhook.previousValidUntil && (
        <p>
          <Trans>
            The previous keys are accepted until <ExactTime time={webhook.previousValidUntil} />.
          </Trans>
        </p>
      )}
      {obstacle !== null && <p>{obstacle}</p>}
      {mayRotate && obstacle === null && automation.status !== 'ARCHIVED' && (
        <div>
          <Button
            variant="default"
            size="xs"
            onClick={() => {
              setOpen(true);
            }}
          >
            {setLabel(replaces, isSecret)}
          </Button>
        </div>
      )}
      {isOpen && (
        <KeysDialog
          automation={automation}
          sender={preset.title}
          keys={needed}
          onClose={() => {
            setOpen(false);
          }}
        />
      )}
    </>
  );
}

function Steps({ preset }: { preset: SourcePreset }) {
  return (
    <>
      <ol className={classes.steps}>
        {preset.steps.map((step) => (
          <li key={step}>{step}</li>
        ))}
      </ol>
      {preset.notes.length > 0 && (
        <ul className={classes.notes}>
          {preset.notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
      <p>
        <strong>{t`Repeated events:`}</strong> {preset.dedupe}
      </p>
      {preset.docsUrl !== null && (
        <p>
          <a href={preset.docsUrl} target="_blank" rel="noreferrer">
            <Trans>
              Documentation of {preset.title}
              <span className="visually-hidden"> (opens a new tab)</span>
            </Trans>
          </a>
        </p>
      )}
    </>
  );
}

/** Whether a trigger's events are proved at all. */
function isProved(intake: Facts, preset: SourcePreset, needed: NeededKey[]): boolean {
  if (needed.length > 0) return true;
  const verify = isFacts(intake.source) ? intake.source.verify : undefined;
  return preset.preset === 'SNS' || (isFacts(verify) && verify.scheme !== 'NONE');
}

interface Props {
  /** The saved automation; null if it was never saved. */
  automation: Automation | null;
  /** The part of the trigger that receives webhooks, as it is shown. */
  intake: Facts;
  /** Why keys cannot be set now: the draft with this sender is not saved. */
  obstacle?: string | null;
}

/** The address for a sender, its keys, and the steps of set-up in the sender's words. */
export function SenderSetup({ automation, intake, obstacle = null }: Props) {
  const { api } = useServices();
  const { data: presets, error } = useQuery(sourcePresetsQuery(api));
  const preset = presets?.find((each) => each.preset === presetOf(intake));
  const webhook = automation?.webhook ?? null;
  if (error) return <ErrorNotice error={error} />;
  if (!preset) return null;
  const needed = keysOf(intake, preset);
  return (
    <div className={classes.setup}>
      {webhook ? (
        <>
          <p>{t`Address for ${preset.title}:`}</p>
          <Json label={t`Webhook URL`} value={webhook.url} />
        </>
      ) : (
        <p>{t`Save the draft to get the webhook’s address.`}</p>
      )}
      {isProved(intake, preset, needed) ? (
        <p>{t`Events that ${preset.title} did not send are refused.`}</p>
      ) : (
        <p>
          <Trans><strong>Events are not verified.</strong> Anyone who knows the address can send events.</Trans>
        </p>
      )}
      {webhook && automation && needed.length > 0 && (
        <Keys
          automation={automation}
          webhook={webhook}
          preset={preset}
          needed={needed}
          obstacle={obstacle}
        />
      )}
      <details className={classes.help} open={webhook !== null && needed.some((key) => !hasKey(webhook, key))}>
        <summary>{t`How to set it up`}</summary>
        <Steps preset={preset} />
      </details>
    </div>
  );
}
