import { Button } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'react-router';
import { useAllows } from '../../shared/auth/role';
import type { Graph } from '../../shared/graph/model';
import { Section } from '../../shared/ui/Detail';
import { Json } from '../../shared/ui/Json';
import { ExactTime } from '../../shared/ui/Time';
import { RotateDialog } from './RotateDialog';
import type { Automation, Webhook } from './types';
import { curlLine, samplePayload, triggerOf } from './webhook';

interface WebhookProps {
  automation: Automation;
  webhook: Webhook;
  trigger: Record<string, unknown>;
}

function WebhookTrigger({ automation, webhook, trigger }: WebhookProps) {
  const mayRotate = useAllows('ADMIN');
  const [rotating, setRotating] = useState(false);
  return (
    <>
      <p>Another system posts JSON to this address. Each event that is taken opens a run.</p>
      <Json label="Address" value={webhook.url} />
      <p>
        {webhook.signed ? (
          <>
            <strong>Signed.</strong> A secret is set; events without a valid signature are refused.
            {webhook.previousValidUntil && (
              <>
                {' '}
                The secret before it is taken until <ExactTime time={webhook.previousValidUntil} />.
              </>
            )}
          </>
        ) : (
          <>
            <strong>Not signed.</strong> Anyone who knows the address can open runs.
          </>
        )}
      </p>
      {webhook.signed && mayRotate && (
        <div>
          <Button
            variant="default"
            size="xs"
            onClick={() => {
              setRotating(true);
            }}
          >
            Replace the secret
          </Button>
        </div>
      )}
      <p>To try it from a shell{webhook.signed && ', with the secret in the variable SECRET'}:</p>
      <Json
        label="Command"
        value={curlLine(webhook.url, samplePayload(trigger), webhook.signed)}
      />
      {rotating && (
        <RotateDialog
          automation={automation}
          onClose={() => {
            setRotating(false);
          }}
        />
      )}
    </>
  );
}

function DateTrigger({ automation }: { automation: Automation }) {
  const { schedule } = automation;
  if (!schedule) return null;
  return (
    <p>
      Fires next at <ExactTime time={schedule.nextFireAt} />, by{' '}
      <code>{schedule.expression}</code> in {schedule.timeZone}.
    </p>
  );
}

function WithoutAddress({ automation, type }: { automation: Automation; type: unknown }) {
  const mayTrigger = useAllows('MEMBER');
  if (type === 'MANUAL') return <p>A person or a program starts a run for one contact.</p>;
  if (type === 'WEBHOOK') {
    return (
      <p>
        {automation.version === null
          ? 'Another system posts JSON to an address, which the first activation makes.'
          : !mayTrigger && 'Another system posts JSON. The address is for those who may trigger it.'}
      </p>
    );
  }
  if (type === 'DATE' && !automation.schedule) {
    return <p>A date comes round. Nothing is scheduled while the automation is not active.</p>;
  }
  return null;
}

function Upstream({ trigger }: { trigger: Record<string, unknown> }) {
  const { automationId, on = ['COMPLETED'] } = trigger;
  if (typeof automationId !== 'string' || !Array.isArray(on)) return null;
  return (
    <p>
      Opens a run when a run of <Link to={`/automations/${automationId}`}>that automation</Link>{' '}
      ends as {on.join(' or ').toLowerCase()}.
    </p>
  );
}

/** How runs come to be. `graph` is that of the active version, or the draft's. */
export function TriggerPanel({ automation, graph }: { automation: Automation; graph: Graph }) {
  const trigger = triggerOf(graph);
  if (!trigger) return null;
  return (
    <Section title="Trigger">
      {automation.webhook ? (
        <WebhookTrigger automation={automation} webhook={automation.webhook} trigger={trigger} />
      ) : (
        <WithoutAddress automation={automation} type={trigger.triggerType} />
      )}
      <Upstream trigger={trigger} />
      <DateTrigger automation={automation} />
    </Section>
  );
}
