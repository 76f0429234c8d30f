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
import { FailureRate, LastRun, RunCount } from './AutomationActivity';
import classes from './AutomationPage.module.css';
import { AutomationStatusBadge } from './AutomationStatusBadge';
import { FailuresPanel } from './FailuresPanel';
import { FiresPanel } from './FiresPanel';
import { TestBench } from './bench/TestBench';
import { HoldDialog } from './HoldDialog';
import { HoldNotice } from './HoldNotice';
import { automationQuery, type StatusChange, versionQuery } from './queries';
import { RunNowDialog } from './RunNowDialog';
import { StatusDialog } from './StatusDialog';
import { TriggerPanel } from './TriggerPanel';
import { type Automation, machineText, priceText, REENTRY_LABELS } from './types';
import { VersionsPanel } from './VersionsPanel';
import { samplePayload, triggerOf } from './webhook';

const BACK = { to: '/automations', label: 'Automations' };

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
          Hold…
        </Button>
      )}
      {mayEdit && status === 'ACTIVE' && (
        <Button
          variant="default"
          onClick={() => {
            onChange('pause');
          }}
        >
          Pause
        </Button>
      )}
      {mayEdit && status !== 'ARCHIVED' && (
        <Button
          variant="default"
          onClick={() => {
            onChange('archive');
          }}
        >
          Archive
        </Button>
      )}
      {mayRun && status === 'ACTIVE' && (
        <Button variant="default" leftSection={<IconPlayerPlay size={16} aria-hidden />} onClick={onRun}>
          Run now
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
          Edit
        </Button>
      )}
      {mayEdit && mayActivate(automation) && (
        <Button
          onClick={() => {
            onChange('activate');
          }}
        >
          {automation.version !== null && automation.hasUnpublishedChanges
            ? 'Activate the draft'
            : 'Activate'}
        </Button>
      )}
    </>
  );
}

function AutomationFacts({ automation, now }: { automation: Automation; now: number }) {
  const { id, machine, schedule } = automation;
  return (
    <Facts>
      <Fact name="Last run">
        <LastRun automationId={id} now={now} />
      </Fact>
      <Fact name="Runs, last 7 days">
        <RunCount automationId={id} />
        <Link to={RUN_FILTERS.address('/runs', { automationId: id })}>Run history</Link>
      </Fact>
      <Fact name="Failed, last 7 days">
        <FailureRate automationId={id} />
      </Fact>
      {schedule && (
        <Fact name="Next scheduled">
          <ExactTime time={schedule.nextFireAt} />
          <RelativeTime time={schedule.nextFireAt} now={now} />
        </Fact>
      )}
      <Fact name="Re-entry">{REENTRY_LABELS[automation.reentry]}</Fact>
      {machine && (
        <Fact name="State machine">
          {machineText(machine)}
          <span>{priceText(machine)}</span>
        </Fact>
      )}
      <Fact name="Last changed">
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
        <section aria-label={`Settings of ${node.id}`}>
          <h3 className={classes.subtitle}>
            {node.id} <span className={detail.muted}>{nodeTitle(nodeTypes, node.type)}</span>
          </h3>
          <Json label={`Settings of ${node.id}`} value={node.config} />
        </section>
      )}
    </Section>
  );
}

function DraftNotice({ automation }: { automation: Automation }) {
  const state = useKeptState();
  const { status, version, hasUnpublishedChanges, problems, activation } = automation;
  if (activation?.status === 'PENDING') {
    return (
      <Notice title={`Version ${activation.version} is being activated`}>
        <p>Requested by {activation.requestedBy}. This can take a few minutes.</p>
      </Notice>
    );
  }
  if (activation?.status === 'FAILED') {
    return (
      <Notice tone="bad" title={`Version ${activation.version} was not activated`}>
        <p>{activation.problem?.message}. Activate it again.</p>
      </Notice>
    );
  }
  if (problems.length > 0) {
    return (
      <Notice tone="bad" title="The draft has problems">
        <ul className={classes.plain}>
          {problems.map(({ message, nodeId }, index) => (
            <li key={index}>
              {nodeId && <strong>{nodeId}: </strong>}
              {message}
            </li>
          ))}
        </ul>
      </Notice>
    );
  }
  if (status === 'ARCHIVED' || !hasUnpublishedChanges || version === null) return null;
  return (
    <Notice title="The draft has unpublished changes">
      <p>
        New runs use version {version}.{' '}
        <Link
          to={AUTOMATION_PAGE.address(`/automations/${automation.id}`, { tab: 'versions' })}
          state={state}
        >
          See what changed
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
        noun="automation"
        id={id}
        state={
          <span role="status" className={detail.state}>
            <AutomationStatusBadge status={automation.status} />
            {version !== null && <span className={detail.muted}>version {version}</span>}
          </span>
        }
        actions={
          <Actions
            automation={automation}
            onChange={setChange}
            onRun={() => {
              setRunning(trigger ? samplePayload(trigger) : {});
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
        label="Views of the automation"
        current={tab ?? 'overview'}
        tabs={[
          { key: 'overview', to: own, label: 'Overview' },
          { key: 'test', to: AUTOMATION_PAGE.address(own, { tab: 'test' }), label: 'Test bench' },
          { key: 'versions', to: AUTOMATION_PAGE.address(own, { tab: 'versions' }), label: 'Versions' },
        ]}
      />
      {tab === null ? (
        <>
          <FailuresPanel automationId={id} now={now} />
          <GraphPanel graph={graph} title={version === null ? 'Draft' : `Version ${version}`} />
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
    <DetailPage noun="automation" back={BACK} query={query} title={({ name }) => name}>
      {(automation) => <Loaded key={automation.id} automation={automation} />}
    </DetailPage>
  );
}
