import { t } from '@lingui/core/macro';
import { Button } from '@mantine/core';
import { IconPencil, IconPlayerPlay } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { Link, useParams } from 'react-router';
import { useAddressState, useKeptState } from '../../shared/address/addressState';
import { useAllows } from '../../shared/auth/role';
import { useServices } from '../../shared/auth/services';
import { GraphView } from '../../shared/graph';
import { type Graph, readGraph } from '../../shared/graph/model';
import { nodeTitle, useNodeTypes } from '../../shared/graph/useNodeTypes';
import { AUTOMATION_PAGE } from '../../shared/subjects/automations';
import { RUN_FILTERS } from '../../shared/subjects/runs';
import { DetailHeader, DetailPage, Fact, Facts, Section } from '../../shared/ui/Detail';
import detail from '../../shared/ui/Detail.module.css';
import { Notice } from '../../shared/ui/ErrorNotice';
import { Json } from '../../shared/ui/Json';
import { TabLinks } from '../../shared/ui/TabLinks';
import { ExactTime, RelativeTime, useNow } from '../../shared/ui/Time';
import { FailureRate, LastRun, RunCount, useActivity } from './AutomationActivity';
import classes from './AutomationPage.module.css';
import { AutomationStatusBadge } from './AutomationStatusBadge';
import { FailuresPanel } from './FailuresPanel';
import { FiresPanel } from './FiresPanel';
import { TestBench } from './bench/TestBench';
import { HoldDialog } from './HoldDialog';
import { HoldNotice } from './HoldNotice';
import { problemPlace, problemText, reported } from './problemWords';
import { automationQuery, type StatusChange, versionQuery } from './queries';
import { RunNowDialog } from './RunNowDialog';
import { StatusDialog } from './StatusDialog';
import { TriggerPanel } from './TriggerPanel';
import { type Automation, machineText, priceText, REENTRY_LABELS } from './types';
import { VersionsPanel } from './VersionsPanel';
import { samplePayload, triggerOf } from './webhook';

const BACK = { to: '/automations', label: t`Automations` };

function mayActivate({ status, hasUnpublishedChanges }: Automation): boolean {
  return status !== 'ARCHIVED' && (status !== 'ACTIVE' || hasUnpublishedChanges);
}

interface ActionsProps {
  automation: Automation;
  onChange: (change: StatusChange) => void;
  onRun: () => void;
  onHold: () => void;
}

function Actions({ automation, onChange, onRun, onHold }: ActionsProps) {
  const mayRun = useAllows('MEMBER');
  const mayEdit = useAllows('ADMIN');
  const state = useKeptState();
  const { status } = automation;
  return (
    <>
      {mayRun && status === 'ACTIVE' && !automation.hold && (
        <Button variant="default" onClick={onHold}>
          {t`Hold…`}
        </Button>
      )}
      {mayEdit && status === 'ACTIVE' && (
        <Button
          variant="default"
          onClick={() => {
            onChange('pause');
          }}
        >
          {t`Pause`}
        </Button>
      )}
      {mayEdit && status !== 'ARCHIVED' && (
        <Button
          variant="default"
          onClick={() => {
            onChange('archive');
          }}
        >
          {t`Archive`}
        </Button>
      )}
      {mayRun && status === 'ACTIVE' && (
        <Button variant="default" leftSection={<IconPlayerPlay size={16} aria-hidden />} onClick={onRun}>
          {t`Run now`}
        </Button>
      )}
      {mayEdit && status !== 'ARCHIVED' && (
        <Button
          component={Link}
          to={`/automations/${automation.id}/edit`}
          state={state}
          variant={mayActivate(automation) ? 'default' : 'filled'}
          leftSection={<IconPencil size={16} aria-hidden />}
        >
          {t`Edit`}
        </Button>
      )}
      {mayEdit && mayActivate(automation) && (
        <Button
          onClick={() => {
            onChange('activate');
          }}
        >
          {automation.version !== null && automation.hasUnpublishedChanges
            ? t`Activate the draft`
            : t`Activate`}
        </Button>
      )}
    </>
  );
}

function AutomationFacts({ automation, now }: { automation: Automation; now: number }) {
  const { id, machine, schedule } = automation;
  const activity = useActivity([id]).get(id);
  const state = useKeptState();
  return (
    <Facts>
      <Fact name={t`Last run`}>
        <LastRun activity={activity} now={now} />
      </Fact>
      <Fact name={t`Runs, last 7 days`}>
        <RunCount activity={activity} />
        <Link to={RUN_FILTERS.address('/runs', { automationId: id })}>{t`Run history`}</Link>
      </Fact>
      <Fact name={t`Failed, last 7 days`}>
        <FailureRate activity={activity} />
        <Link to={`/automations/${id}/timings`} state={state}>
          {t`Node timings`}
        </Link>
      </Fact>
      {schedule && (
        <Fact name={t`Next scheduled`}>
          <ExactTime time={schedule.nextFireAt} />
          <RelativeTime time={schedule.nextFireAt} now={now} />
        </Fact>
      )}
      <Fact name={t`Re-entry`}>{REENTRY_LABELS[automation.reentry]}</Fact>
      {machine && (
        <Fact name={t`State machine`}>
          {machineText(machine)}
          <span>{priceText(machine)}</span>
        </Fact>
      )}
      <Fact name={t`Last changed`}>
        {automation.updatedBy}
        <RelativeTime time={automation.updatedAt} now={now} />
      </Fact>
    </Facts>
  );
}

function GraphPanel({ graph, title }: { graph: Graph; title: string }) {
  const nodeTypes = useNodeTypes();
  const [{ node: chosen }, change] = useAddressState(AUTOMATION_PAGE);
  const node = graph.nodes.find(({ id }) => id === chosen);
  return (
    <Section title={title}>
      <GraphView
        graph={graph}
        label={title}
        selected={node?.id ?? null}
        onSelect={(nodeId) => {
          change({ node: nodeId === chosen ? null : nodeId }, 'replace');
        }}
      />
      {node && (
        <section aria-label={t`Settings of ${node.id}`}>
          <h3 className={classes.subtitle}>
            {node.id} <span className={detail.muted}>{nodeTitle(nodeTypes, node.type)}</span>
          </h3>
          <Json label={t`Settings of ${node.id}`} value={node.config} />
        </section>
      )}
    </Section>
  );
}

function DraftNotice({ automation }: { automation: Automation }) {
  const state = useKeptState();
  const nodeTypes = useNodeTypes();
  const draft = useMemo(() => readGraph(automation), [automation]);
  const { status, version, hasUnpublishedChanges, problems, activation } = automation;
  if (activation?.status === 'PENDING') {
    return (
      <Notice title={t`Version ${activation.version} is being activated`}>
        <p>{t`Requested by ${activation.requestedBy}. This can take a few minutes.`}</p>
      </Notice>
    );
  }
  if (activation?.status === 'FAILED') {
    return (
      <Notice tone="bad" title={t`Version ${activation.version} was not activated`}>
        <p>
          {activation.problem?.message}. {t`Activate it again.`}
        </p>
      </Notice>
    );
  }
  if (problems.length > 0) {
    return (
      <Notice tone="bad" title={t`The draft has problems`}>
        <ul className={classes.plain}>
          {problems.map(reported).map((problem, index) => (
            <li key={index}>
              <strong>{problemPlace(problem, draft, nodeTypes)}</strong>{' '}
              {problemText(problem, draft, nodeTypes)}
            </li>
          ))}
        </ul>
      </Notice>
    );
  }
  if (status === 'ARCHIVED' || !hasUnpublishedChanges || version === null) return null;
  return (
    <Notice title={t`The draft has unpublished changes`}>
      <p>
        {status === 'ACTIVE'
          ? t`The draft is not active. Until you activate it, new runs use version ${version}.`
          : t`The draft is not active. Activating the automation makes it the next version.`}{' '}
        <Link
          to={AUTOMATION_PAGE.address(`/automations/${automation.id}`, { tab: 'versions' })}
          state={state}
        >
          {t`See what changed`}
        </Link>
      </p>
    </Notice>
  );
}

/** The graph of the active version, or the draft's if no version exists. */
function useRunningGraph(automation: Automation): Graph {
  const { api } = useServices();
  const { id, version, hasUnpublishedChanges } = automation;
  const { data } = useQuery({
    ...versionQuery(api, id, version ?? 0),
    enabled: version !== null && hasUnpublishedChanges,
  });
  return useMemo(() => readGraph(data?.graph ?? automation), [data, automation]);
}

function Loaded({ automation }: { automation: Automation }) {
  const now = useNow();
  const [{ tab }] = useAddressState(AUTOMATION_PAGE);
  const [change, setChange] = useState<StatusChange | null>(null);
  // The payload of the dialog that runs the automation; null while it is closed.
  const [running, setRunning] = useState<Record<string, unknown> | null>(null);
  const [holding, setHolding] = useState(false);
  const graph = useRunningGraph(automation);
  const { id, version } = automation;
  const trigger = triggerOf(graph);
  const own = `/automations/${id}`;
  return (
    <>
      <DetailHeader
        title={automation.name}
        noun={t`automation`}
        id={id}
        state={
          <span role="status" className={detail.state}>
            <AutomationStatusBadge status={automation.status} />
            {version !== null && <span className={detail.muted}>{t`version ${version}`}</span>}
          </span>
        }
        actions={
          <Actions
            automation={automation}
            onChange={setChange}
            onRun={() => {
              setRunning(samplePayload(trigger ?? {}));
            }}
            onHold={() => {
              setHolding(true);
            }}
          />
        }
      >
        <AutomationFacts automation={automation} now={now} />
      </DetailHeader>
      <HoldNotice automation={automation} now={now} />
      <DraftNotice automation={automation} />
      <TabLinks
        label={t`Tabs of the automation page`}
        current={tab ?? 'overview'}
        tabs={[
          { key: 'overview', to: own, label: t`Overview` },
          { key: 'test', to: AUTOMATION_PAGE.address(own, { tab: 'test' }), label: t`Test bench` },
          { key: 'versions', to: AUTOMATION_PAGE.address(own, { tab: 'versions' }), label: t`Versions` },
        ]}
      />
      {tab === null ? (
        <>
          <FailuresPanel automationId={id} now={now} />
          <GraphPanel graph={graph} title={version === null ? t`Draft` : t`Version ${version}`} />
          <TriggerPanel automation={automation} graph={graph} />
          {trigger?.triggerType === 'DATE' && version !== null && <FiresPanel automationId={id} />}
        </>
      ) : tab === 'test' ? (
        <TestBench automation={automation} graph={graph} onRun={setRunning} />
      ) : (
        <VersionsPanel automation={automation} />
      )}
      {holding && (
        <HoldDialog
          automation={automation}
          onClose={() => {
            setHolding(false);
          }}
        />
      )}
      {change && (
        <StatusDialog
          automation={automation}
          change={change}
          onClose={() => {
            setChange(null);
          }}
          onRun={(activated) => {
            setChange(null);
            setRunning(samplePayload(triggerOf(readGraph(activated)) ?? {}));
          }}
        />
      )}
      {running && (
        <RunNowDialog
          automation={automation}
          sample={running}
          onClose={() => {
            setRunning(null);
          }}
        />
      )}
    </>
  );
}

export default function AutomationPage() {
  const { api } = useServices();
  const { automationId = '' } = useParams();
  const query = useQuery(automationQuery(api, automationId));
  return (
    <DetailPage noun={t`automation`} back={BACK} query={query} title={({ name }) => name}>
      {(automation) => <Loaded key={automation.id} automation={automation} />}
    </DetailPage>
  );
}
