import { Button } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'react-router';
import { useAllows } from '../../shared/auth/role';
import type { Graph } from '../../shared/graph/model';
import { Section } from '../../shared/ui/Detail';
import { formatWord } from '../../shared/ui/format';
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
      <p>Another system posts JSON to this URL. Each accepted event opens a run.</p>
      <Json label="Webhook URL" value={webhook.url} />
      <p>
        {webhook.signed ? (
          <>
            <strong>Signed.</strong> Events without a valid signature are refused.
            {webhook.previousValidUntil && (
              <>
                {' '}
                The previous secret is accepted until{' '}
                <ExactTime time={webhook.previousValidUntil} />.
              </>
            )}
          </>
        ) : (
          <>
            <strong>Not signed.</strong> Anyone who knows the URL can open runs.
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
      <p>Try it from a shell{webhook.signed && ', with the secret in the variable SECRET'}:</p>
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
          ? 'Another system posts JSON to a URL. The first activation creates the URL.'
          : !mayTrigger && 'Another system posts JSON. The Member role is needed to see the URL.'}
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
        <WebhookTrigger automation={automation} webhook={automation.webhook} trigger={trigger} />
      ) : (
        <WithoutAddress automation={automation} type={trigger.triggerType} />
      )}
      <Upstream trigger={trigger} />
      <DateTrigger automation={automation} />
    </Section>
  );
}
