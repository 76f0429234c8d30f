import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useParams } from 'react-router';
import type { DeliveryDetail } from '../../shared/api/types';
import { useAllows } from '../../shared/auth/role';
import { useServices } from '../../shared/auth/services';
import { deliveryTitle, recipient } from '../../shared/subjects/deliveries';
import { DeliveryGates } from '../../shared/subjects/DeliveryGates';
import { gateReason } from '../../shared/subjects/gates';
import { stepAddress } from '../../shared/subjects/runs';
import { DetailHeader, DetailPage, Fact, Facts, Section } from '../../shared/ui/Detail';
import detail from '../../shared/ui/Detail.module.css';
import { Notice } from '../../shared/ui/ErrorNotice';
import { formatWord } from '../../shared/ui/format';
import { MailPreview } from '../../shared/subjects/MailPreview';
import { Json } from '../../shared/ui/Json';
import { ErrorKind, Panel } from '../../shared/ui/Panel';
import { Status } from '../../shared/ui/Status';
import { Tabs } from '../../shared/ui/Tabs';
import { TextBlock } from '../../shared/ui/TextBlock';
import { ExactTime, RelativeTime, useNow } from '../../shared/ui/Time';
import { Timeline, TimelineItem } from '../../shared/ui/Timeline';
import { UnreadableNotice } from '../../shared/ui/UnreadableNotice';
import classes from './DeliveryPage.module.css';
import { deliveryEvents, healthText, isUnderWay } from './describe';
import { deliveryQuery } from './queries';
import { ResendDialog } from './ResendDialog';
import { Tries } from './Tries';

const BACK = { to: '/delivery-ops', label: t`Delivery ops` };

function Origin({ delivery }: { delivery: DeliveryDetail }) {
  const { runId, nodeId, resendOf, requestedBy, isTest } = delivery;
  if (runId !== null) {
    return (
      <Link to={nodeId === null ? `/runs/${runId}` : stepAddress(runId, nodeId)}>
        {nodeId === null ? runId : t`${nodeId} in ${runId}`}
      </Link>
    );
  }
  if (isTest) return t`Test of the template, by ${requestedBy ?? ''}`;
  if (resendOf === null) return '–';
  return (
    <>
      <Link to={`/delivery-ops/${resendOf}`}>{t`Resend of ${resendOf}`}</Link>
      {requestedBy !== null && <span>{t`Requested by ${requestedBy}`}</span>}
    </>
  );
}

function DeliveryFacts({ delivery, now }: { delivery: DeliveryDetail; now: number }) {
  const { automationId, automationName, contactId, templateId, templateName } = delivery;
  return (
    <Facts>
      <Fact name={t`To`}>
        {contactId === null ? (
          recipient(delivery)
        ) : (
          <Link to={`/contacts/${contactId}`}>{recipient(delivery)}</Link>
        )}
      </Fact>
      <Fact name={t`Channel`}>{formatWord(delivery.channel)}</Fact>
      <Fact name={delivery.runId === null ? t`Origin` : t`Step and run`}>
        <Origin delivery={delivery} />
      </Fact>
      <Fact name={t`Automation`}>
        {automationId === null ? (
          t`None`
        ) : (
          <Link to={`/automations/${automationId}`}>{automationName ?? automationId}</Link>
        )}
      </Fact>
      <Fact name={t`Template`}>
        <Link to={`/templates/${templateId}`}>{templateName ?? templateId}</Link>
      </Fact>
      <Fact name={t`Created`}>
        <ExactTime time={delivery.createdAt} />
        <RelativeTime time={delivery.createdAt} now={now} />
      </Fact>
      <Fact name={t`Finished`}>
        {delivery.settledAt === null ? t`Not yet` : <ExactTime time={delivery.settledAt} />}
      </Fact>
      {delivery.nextTryAt !== null && (
        <Fact name={t`Next try`}>
          <ExactTime time={delivery.nextTryAt} />
        </Fact>
      )}
      <Fact name={t`Provider id`}>{delivery.providerId ?? t`None`}</Fact>
    </Facts>
  );
}

function Failure({ delivery }: { delivery: DeliveryDetail }) {
  const { error } = delivery;
  const closed = delivery.gates.find(({ passed }) => !passed);
  if (delivery.status === 'SUPPRESSED' && closed) {
    return (
      <Panel
        label={t`Reason`}
        title={t`Not sent: blocked by the ${formatWord(closed.name).toLowerCase()} gate`}
      >
        <p>{gateReason(closed.reason)}</p>
      </Panel>
    );
  }
  if (!error) return null;
  return (
    <Panel
      label={t`Error`}
      title={isUnderWay(delivery.status) ? t`The last try failed` : t`Not delivered`}
      tone="bad"
    >
      <p>{error.message}</p>
      <ErrorKind kind={error.kind} />
      {error.cause !== null && error.cause !== error.message && (
        <Json label={t`Cause`} value={error.cause} />
      )}
    </Panel>
  );
}

function Message({ delivery }: { delivery: DeliveryDetail }) {
  const { subject, body, html } = delivery;
  return (
    <Section title={t`Message`}>
      {subject !== null && (
        <p className={classes.subject}>
          <span>{t`Subject`}</span> {subject}
        </p>
      )}
      {body === null ? (
        <p className={detail.muted}>{t`The text of this message was not kept.`}</p>
      ) : html === null ? (
        <TextBlock label={t`Message body`} text={body} />
      ) : (
        <Tabs
          label={t`Parts of the message`}
          tabs={[
            {
              key: 'html',
              label: t`HTML`,
              content: <MailPreview html={html} label={t`Message as HTML`} />,
            },
            {
              key: 'text',
              label: t`Plain text`,
              content: <TextBlock label={t`Message body`} text={body} />,
            },
          ]}
        />
      )}
    </Section>
  );
}

function WhatHappened({ delivery }: { delivery: DeliveryDetail }) {
  return (
    <Section title={t`Activity`}>
      <Timeline label={t`Activity, oldest first`}>
        {deliveryEvents(delivery).map(({ at, title, detail, tone }, index) => (
          <TimelineItem key={at + String(index)} at={at} title={title} tone={tone}>
            {detail}
          </TimelineItem>
        ))}
      </Timeline>
    </Section>
  );
}

function Resends({ ids }: { ids: string[] }) {
  if (ids.length === 0) return null;
  return (
    <Section title={t`Resends`}>
      <ul className={classes.resends}>
        {ids.map((id) => (
          <li key={id}>
            <Link to={`/delivery-ops/${id}`}>{id}</Link>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Loaded({ delivery }: { delivery: DeliveryDetail }) {
  const now = useNow(1_000);
  const mayResend = useAllows('MEMBER');
  const [asking, setAsking] = useState(false);
  const health = healthText(delivery, now);
  const canResend = delivery.body !== null && !isUnderWay(delivery.status);
  return (
    <>
      <DetailHeader
        title={deliveryTitle(delivery)}
        noun={t`delivery`}
        id={delivery.id}
        state={
          <span role="status" className={detail.state}>
            <Status status={delivery.status} />
            {health !== null && <span className={detail.muted}>{health}</span>}
          </span>
        }
        actions={
          mayResend &&
          canResend && (
            <Button
              onClick={() => {
                setAsking(true);
              }}
            >
              {t`Resend`}
            </Button>
          )
        }
      >
        <DeliveryFacts delivery={delivery} now={now} />
      </DetailHeader>
      {delivery.complained && (
        <Notice tone="bad" title={t`Marked as spam by the recipient`}>
          <p>{t`The address is now on the suppression list, so it gets no more messages.`}</p>
        </Notice>
      )}
      {delivery.erasedAt && (
        <Notice title={t`The contact was erased`}>
          <p>
            <Trans><ExactTime time={delivery.erasedAt} />: the text, the address and the provider’s answers
            were removed. The delivery stays in the history.</Trans>
          </p>
        </Notice>
      )}
      <UnreadableNotice what={t`delivery`} message={delivery.unreadable} />
      <Failure delivery={delivery} />
      <div className={classes.columns}>
        <div className={classes.column}>
          <Section title={t`Gates`}>
            <DeliveryGates gates={delivery.gates} />
          </Section>
          {delivery.triesLog.length > 0 && (
            <Section title={t`Tries`}>
              <Tries tries={delivery.triesLog} />
            </Section>
          )}
          <Message delivery={delivery} />
        </div>
        <div className={classes.column}>
          <WhatHappened delivery={delivery} />
          <Resends ids={delivery.resends} />
        </div>
      </div>
      {asking && (
        <ResendDialog
          delivery={delivery}
          onClose={() => {
            setAsking(false);
          }}
        />
      )}
    </>
  );
}

export default function DeliveryPage() {
  const { api } = useServices();
  const { deliveryId = '' } = useParams();
  const query = useQuery(deliveryQuery(api, deliveryId));
  return (
    <DetailPage
      noun={t`delivery`}
      back={BACK}
      query={query}
      title={(delivery) => `${deliveryTitle(delivery)}, ${formatWord(delivery.status)}`}
    >
      {(delivery) => <Loaded key={delivery.id} delivery={delivery} />}
    </DetailPage>
  );
}
