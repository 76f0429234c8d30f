import { NativeSelect } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useAddressState } from '../../shared/address/addressState';
import { useServices } from '../../shared/auth/services';
import { GraphView } from '../../shared/graph';
import type { NodeLook } from '../../shared/graph/GraphNodeCard';
import { type Graph, readGraph } from '../../shared/graph/model';
import { AUTOMATION_PAGE } from '../../shared/subjects/automations';
import { Section } from '../../shared/ui/Detail';
import { ErrorNotice } from '../../shared/ui/ErrorNotice';
import { formatWord } from '../../shared/ui/format';
import { ExactTime } from '../../shared/ui/Time';
import classes from './AutomationPage.module.css';
import { comparedVersions, DRAFT, type ComparedVersions } from './comparedVersions';
import { GraphChanges, MARKS } from './GraphChanges';
import { diffGraphs, edgeKey, unionOf } from './graphDiff';
import { versionQuery, versionsQuery } from './queries';
import { ScrollableTable } from './ScrollableTable';
import type { Automation } from './types';

const COMPARED = [
  { name: 'from', label: 'From' },
  { name: 'to', label: 'To' },
] as const;
const TONES = { ADDED: 'good', REMOVED: 'bad', CHANGED: 'waiting' } as const;

function useVersionGraph(automation: Automation, version: string) {
  const { api } = useServices();
  const number = Number(version);
  const isVersion = Number.isInteger(number) && number > 0;
  const { data, error } = useQuery({
    ...versionQuery(api, automation.id, number),
    enabled: isVersion,
  });
  const graph = useMemo(
    () => (isVersion ? data && readGraph(data.graph) : readGraph(automation)),
    [isVersion, data, automation],
  );
  return { graph, error };
}

function Comparison({ before, after }: { before: Graph; after: Graph }) {
  const diff = useMemo(() => diffGraphs(before, after), [before, after]);
  const union = useMemo(() => unionOf(before, after), [before, after]);
  const looks = new Map<string, NodeLook>(
    diff.nodes.map(({ id, kind, fields }) => {
      const words =
        fields.length === 0
          ? formatWord(kind)
          : `${formatWord(kind)}: ${fields.map(({ field }) => field).join(', ')}`;
      const badge = (
        <span className={classes.badge} data-kind={kind}>
          {MARKS[kind]} {words}
        </span>
      );
      return [id, { tone: TONES[kind], words, badge, isMuted: kind === 'REMOVED' }];
    }),
  );
  const kinds = new Map(diff.edges.map(({ edge, kind }) => [edgeKey(edge), kind]));
  return (
    <div className={classes.comparison}>
      <GraphChanges diff={diff} />
      {(diff.nodes.length > 0 || diff.edges.length > 0) && (
        <GraphView
          graph={union}
          label="Graph of the changes"
          looks={looks}
          hasBadges
          edgeLooks={union.edges.map((edge) => {
            const kind = kinds.get(edgeKey(edge));
            if (kind === 'ADDED') return { tone: 'taken' };
            return kind === 'REMOVED' ? { isMuted: true } : {};
          })}
        />
      )}
    </div>
  );
}

/** The versions, and the changes between two of them. */
export function VersionsPanel({ automation }: { automation: Automation }) {
  const { api } = useServices();
  const { data: versions, error, refetch } = useQuery(versionsQuery(api, automation.id));
  const [asked, change] = useAddressState(AUTOMATION_PAGE);
  const compared = comparedVersions(asked, automation, versions ?? []);
  const from = useVersionGraph(automation, compared.from);
  const to = useVersionGraph(automation, compared.to);
  const failed = error ?? from.error ?? to.error;

  function choose(name: keyof ComparedVersions, value: string) {
    // Set both: the other one's default may depend on this one.
    change({ ...compared, [name]: value }, 'push');
  }

  if (versions?.length === 0) {
    return (
      <Section title="Versions">
        <p>No versions yet. Each activation saves the draft as a version.</p>
      </Section>
    );
  }
  const choices = [
    { value: DRAFT, label: 'Draft' },
    ...(versions ?? []).map(({ version }) => ({
      value: String(version),
      label: version === automation.version ? `Version ${version}, active` : `Version ${version}`,
    })),
  ];
  return (
    <Section title="Versions">
      {failed && <ErrorNotice error={failed} onRetry={() => void refetch()} />}
      {versions && (
        <>
          <ScrollableTable
            label="Versions, newest first"
            columns={['Version', 'Activated', 'By', 'State machine']}
          >
            {versions.map(({ version, activatedAt, activatedBy, machine }) => (
              <tr key={version}>
                <th scope="row">
                  {version}
                  {version === automation.version && ' (active)'}
                </th>
                <td>
                  <ExactTime time={activatedAt} />
                </td>
                <td>{activatedBy}</td>
                <td title={machine.reason}>{formatWord(machine.type)}</td>
              </tr>
            ))}
          </ScrollableTable>
          <h3 className={classes.subtitle}>Changes</h3>
          <div className={classes.compared}>
            {COMPARED.map(({ name, label }) => (
              <NativeSelect
                key={name}
                label={label}
                data={choices}
                value={compared[name]}
                onChange={(event) => {
                  choose(name, event.currentTarget.value);
                }}
              />
            ))}
          </div>
          {from.graph && to.graph && <Comparison before={from.graph} after={to.graph} />}
        </>
      )}
    </Section>
  );
}
