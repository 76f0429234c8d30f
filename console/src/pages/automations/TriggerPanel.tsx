import { Link } from 'react-router';
import { useAllows } from '../../shared/auth/role';
import type { Graph } from '../../shared/graph/model';
import { Section } from '../../shared/ui/Detail';
import { formatWord } from '../../shared/ui/format';
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
          <p>Try it from a shell{webhook.signed && ', with the secret in the variable SECRET'}:</p>
          <Json
            label="Command"
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
      Next scheduled: <ExactTime time={schedule.nextFireAt} />. Schedule:{' '}
      <code>{schedule.expression}</code>, time zone {schedule.timeZone}.
    </p>
  );
}

function WithoutAddress({ automation, type }: { automation: Automation; type: unknown }) {
  const mayTrigger = useAllows('MEMBER');
  if (type === 'MANUAL') return <p>A user or the API starts a run for one contact.</p>;
  if (type === 'WEBHOOK') {
    return (
      <p>
        {automation.version === null
          ? 'Another system sends events to an address, which exists once the draft is saved.'
          : !mayTrigger && 'Another system sends events. The Member role is needed to see the address.'}
      </p>
    );
  }
  if (type === 'DATE' && !automation.schedule) {
    return (
      <p>A run opens when a date arrives. Nothing is scheduled until the automation is active.</p>
    );
  }
  return null;
}

function Upstream({ trigger }: { trigger: Record<string, unknown> }) {
  const { automationId, on = ['COMPLETED'] } = trigger;
  if (typeof automationId !== 'string' || !Array.isArray(on)) return null;
  return (
    <p>
      A run opens when a run of{' '}
      <Link to={`/automations/${automationId}`}>another automation</Link> ends with status{' '}
      {on.map((status) => formatWord(String(status))).join(' or ')}.
    </p>
  );
}

/** How runs are opened. `graph` is the active version's, or the draft's. */
export function TriggerPanel({ automation, graph }: { automation: Automation; graph: Graph }) {
  const trigger = triggerOf(graph);
  if (!trigger) return null;
  return (
    <Section title="Trigger">
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
