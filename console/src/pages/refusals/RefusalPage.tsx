import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from 'react-router';
import type { Refusal, RefusalDetail } from '../../shared/api/types';
import { useAllows } from '../../shared/auth/role';
import { useServices } from '../../shared/auth/services';
import { AUTOMATION_PAGE, triggerEditorAddress } from '../../shared/subjects/automations';
import { RefusalReasonLabel } from '../../shared/subjects/RefusalReasonLabel';
import { REFUSAL_FILTERS } from '../../shared/subjects/refusals';
import { triggerWord } from '../../shared/subjects/triggers';
import { DetailHeader, DetailPage, Fact, Facts, Section } from '../../shared/ui/Detail';
import { Notice } from '../../shared/ui/ErrorNotice';
import { formatCount, formatWord } from '../../shared/ui/format';
import { Json } from '../../shared/ui/Json';
import { ExactTime, RelativeTime, useNow } from '../../shared/ui/Time';
import { UnreadableNotice } from '../../shared/ui/UnreadableNotice';
import { refusalQuery } from './queries';
import { RefusedEvent } from './RefusedEvent';
import { REASON_TEXTS } from './reasonTexts';

const BACK = { to: '/refusals', label: t`Refused events` };

/** How the run that a refusal names is related to it. */
function runText(refusal: Refusal): string {
  switch (refusal.reason) {
    case 'DUPLICATE':
      return t`Run of the first event`;
    case 'REENTRY_BLOCKED':
      return t`Earlier run`;
    default:
      return t`Run`;
  }
}

/** The pages on which the cause is corrected. */
function CauseLinks({ refusal: { automationId, id, event } }: { refusal: RefusalDetail }) {
  const mayEdit = useAllows('ADMIN');
  if (!mayEdit || !event) return null;
  const key = `refusal:${id}`;
  return (
    <p>
      <Trans><Link to={AUTOMATION_PAGE.address(`/automations/${automationId}`, { tab: 'test', event: key })}>
        Open it in the test bench
      </Link>{' '}
      or <Link to={triggerEditorAddress(automationId)}>edit the trigger</Link>.</Trans>
    </p>
  );
}

function Loaded({ refusal }: { refusal: RefusalDetail }) {
  const now = useNow();
  const { automationId, automationName, contactId, runId, version, source } = refusal;
  const { meaning, advice } = REASON_TEXTS[refusal.reason];
  return (
    <>
      <DetailHeader
        title={t`${automationName} did not run`}
        state={<RefusalReasonLabel reason={refusal.reason} />}
        id={refusal.id}
        noun={t`refused event`}
      >
        <Facts>
          <Fact name={t`Automation`}>
            <Link to={`/automations/${automationId}`}>{automationName}</Link>
            {version !== null && <span>{t`version ${version}`}</span>}
          </Fact>
          <Fact name={t`Contact`}>
            {contactId === null ? t`None` : <Link to={`/contacts/${contactId}`}>{contactId}</Link>}
          </Fact>
          {runId !== null && (
            <Fact name={runText(refusal)}>
              <Link to={`/runs/${runId}`}>{runId}</Link>
            </Fact>
          )}
          <Fact name={t`Trigger`}>{triggerWord(refusal)}</Fact>
          <Fact name={t`Source`}>{source ?? t`Unknown`}</Fact>
          <Fact name={t`Count`}>{formatCount(refusal.count)}</Fact>
          <Fact name={t`First seen`}>
            <ExactTime time={refusal.createdAt} />
            <RelativeTime time={refusal.createdAt} now={now} />
          </Fact>
          <Fact name={t`Last seen`}>
            <ExactTime time={refusal.lastAt} />
            <RelativeTime time={refusal.lastAt} now={now} />
          </Fact>
        </Facts>
      </DetailHeader>
      {refusal.erasedAt && (
        <Notice title={t`The contact was erased`}>
          <p>
            <Trans><ExactTime time={refusal.erasedAt} />: personal data was removed. The refusal stays in
            the history.</Trans>
          </p>
        </Notice>
      )}
      <UnreadableNotice what={t`refused event`} message={refusal.unreadable} />
      <Section title={t`Why no run was opened`}>
        <p>{refusal.message}</p>
        <Notice title={meaning}>
          <p>{advice}</p>
        </Notice>
        <CauseLinks refusal={refusal} />
        <p>
          <Link to={REFUSAL_FILTERS.address('/refusals', { automationId, reason: refusal.reason })}>
            {t`All refusals of this automation with this reason`}
          </Link>
        </p>
      </Section>
      {(refusal.event ?? refusal.trigger.type === 'WEBHOOK') && <RefusedEvent refusal={refusal} />}
      <Section title={t`Trigger`}>
        <Json label={t`Trigger data`} value={refusal.trigger} />
      </Section>
    </>
  );
}

export default function RefusalPage() {
  const { api } = useServices();
  const { refusalId = '' } = useParams();
  return (
    <DetailPage
      noun={t`refused event`}
      back={BACK}
      query={useQuery(refusalQuery(api, refusalId))}
      title={({ automationName, reason }) => `${formatWord(reason)}, ${automationName}`}
    >
      {(refusal) => <Loaded refusal={refusal} />}
    </DetailPage>
  );
}
