import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Link } from 'react-router';
import { useLacks } from '../../shared/auth/role';
import type { Graph } from '../../shared/graph/model';
import { Section } from '../../shared/ui/Detail';
import { formatWord } from '../../shared/ui/format';
import { formatList } from '../../shared/ui/formatList';
import { Json } from '../../shared/ui/Json';
import { ExactTime } from '../../shared/ui/Time';
import { SenderSetup } from './SenderSetup';
import { type Facts, intakeOf, OWN_SYSTEM, presetOf } from './sources';
import type { Automation } from './types';
import { curlLine, samplePayload, triggerOf } from './webhook';

/** How another system sends events: address, keys, set-up, and a command to try it. */
function WebhookTrigger({ automation, trigger }: { automation: Automation; trigger: Facts }) {
  const { webhook } = automation;
  const intake = intakeOf(trigger);
  if (!webhook || !intake) return null;
  const isOwn = presetOf(intake) === OWN_SYSTEM;
  return (
    <>
      <SenderSetup automation={automation} intake={intake} />
      {isOwn && (
        <>
          <p>
            {webhook.signed
              ? t`Try the webhook from a shell, with the secret in the variable SECRET:`
              : t`Try the webhook from a shell:`}
          </p>
          <Json
            label={t`Command`}
            value={curlLine(webhook.url, samplePayload(trigger), webhook.signed)}
          />
        </>
      )}
    </>
  );
}

function DateTrigger({ automation }: { automation: Automation }) {
  const { schedule } = automation;
  if (!schedule) return null;
  return (
    <p>
      <Trans>
        Next scheduled: <ExactTime time={schedule.nextFireAt} />. Schedule:{' '}
        <code>{schedule.expression}</code>, time zone {schedule.timeZone}.
      </Trans>
    </p>
  );
}

function WithoutAddress({ automation, type }: { automation: Automation; type: unknown }) {
  const lacksRole = useLacks('MEMBER');
  if (type === 'MANUAL') return <p>{t`A user or the API starts a run for one contact.`}</p>;
  if (type === 'WEBHOOK') {
    return (
      <p>
        {automation.version === null
          ? t`Another system sends events to the webhook’s address. The address is created when the draft is saved.`
          : lacksRole && t`Another system sends events. The Member role is needed to see the address.`}
      </p>
    );
  }
  if (type === 'DATE' && !automation.schedule) {
    return (
      <p>{t`A run opens when a date arrives. Nothing is scheduled until the automation is active.`}</p>
    );
  }
  return null;
}

function Upstream({ trigger }: { trigger: Record<string, unknown> }) {
  const { automationId, on = ['COMPLETED'] } = trigger;
  if (typeof automationId !== 'string' || !Array.isArray(on)) return null;
  return (
    <p>
      <Trans>
        A run opens when a run of{' '}
        <Link to={`/automations/${automationId}`}>another automation</Link> ends with status{' '}
        {formatList(on.map((status) => formatWord(String(status))), 'disjunction')}.
      </Trans>
    </p>
  );
}

/** How runs are opened. `graph` is the active version's, or the draft's. */
export function TriggerPanel({ automation, graph }: { automation: Automation; graph: Graph }) {
  const trigger = triggerOf(graph);
  if (!trigger) return null;
  return (
    <Section title={t`Trigger`}>
      {automation.webhook ? (
        <WebhookTrigger automation={automation} trigger={trigger} />
      ) : (
        <WithoutAddress automation={automation} type={trigger.triggerType} />
      )}
      <Upstream trigger={trigger} />
      <DateTrigger automation={automation} />
    </Section>
  );
}
