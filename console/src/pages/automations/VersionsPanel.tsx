import { t } from '@lingui/core/macro';
import { Button, NativeSelect } from '@mantine/core';
import { IconArrowsExchange } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { Link } from 'react-router';
import { useAddressState, useKeptState } from '../../shared/address/addressState';
import { useServices } from '../../shared/auth/services';
import { GraphView } from '../../shared/graph';
import type { NodeLook } from '../../shared/graph/GraphNodeCard';
import { type Graph, readGraph } from '../../shared/graph/model';
import { useNodeTypes } from '../../shared/graph/useNodeTypes';
import { AUTOMATION_PAGE, versionAddress } from '../../shared/subjects/automations';
import { Section } from '../../shared/ui/Detail';
import { ErrorNotice } from '../../shared/ui/ErrorNotice';
import { formatMoment, formatWord } from '../../shared/ui/format';
import { ExactTime, useNow } from '../../shared/ui/Time';
import classes from './AutomationPage.module.css';
import { wordedChanges } from './changeWords';
import { comparedVersions, DRAFT, type ComparedVersions } from './comparedVersions';
import { GraphChanges, MARKS } from './GraphChanges';
import { diffGraphs, edgeKey, unionOf } from './graphDiff';
import { versionQuery, versionsQuery } from './queries';
import { ScrollableTable } from './ScrollableTable';
import type { Automation } from './types';

const COMPARED = [
  { name: 'from', label: t`From` },
  { name: 'to', label: t`To` },
] as const;
const NO_NAMES: ReadonlyMap<string, string> = new Map();
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
  const nodeTypes = useNodeTypes();
  const looks = new Map<string, NodeLook>(
    diff.nodes.map((node) => {
      const { id, kind } = node;
      const fields = wordedChanges(node, nodeTypes.get(node.type), NO_NAMES);
      const words =
        fields.length === 0
          ? formatWord(kind)
          : `${formatWord(kind)}: ${fields.map(({ name }) => name.toLowerCase()).join(', ')}`;
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
      <GraphChanges diff={diff} graph={union} />
      {(diff.nodes.length > 0 || diff.edges.length > 0) && (
        <GraphView
          graph={union}
          label={t`Graph of the changes`}
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
  const state = useKeptState();
  const compared = comparedVersions(asked, automation, versions ?? []);
  const from = useVersionGraph(automation, compared.from);
  const to = useVersionGraph(automation, compared.to);
  const now = useNow();
  const failed = error ?? from.error ?? to.error;
  const isOnly = versions?.length === 1 && !automation.hasUnpublishedChanges;

  function choose(changes: Partial<ComparedVersions>) {
    // Set both: the other one's default may depend on this one.
    change({ ...compared, ...changes }, 'push');
  }

  if (versions?.length === 0) {
    return (
      <Section title={t`Versions`}>
        <p>{t`No versions yet. Each activation saves the draft as a version.`}</p>
      </Section>
    );
  }
  const choices = [
    { value: DRAFT, label: t`Draft` },
    ...(versions ?? []).map(({ version, activatedAt }) => {
      const since = formatMoment(activatedAt, now);
      return {
        value: String(version),
        label:
          version === automation.version
            ? t`Version ${version}, active since ${since}`
            : t`Version ${version}, ${since}`,
      };
    }),
  ];
  return (
    <Section title={t`Versions`}>
      {failed && <ErrorNotice error={failed} onRetry={() => void refetch()} />}
      {versions && (
        <>
          <ScrollableTable
            label={t`Versions, newest first`}
            columns={[t`Version`, t`Activated`, t`By`, t`State machine`, t`Compare`]}
          >
            {versions.map(({ version, activatedAt, activatedBy, machine }) => (
              <tr key={version}>
                <th scope="row">
                  {version === automation.version ? t`${version} (active)` : version}
                </th>
                <td>
                  <ExactTime time={activatedAt} />
                </td>
                <td>{activatedBy}</td>
                <td title={machine.reason}>{formatWord(machine.type)}</td>
                <td>
                  <Link
                    to={versionAddress(automation.id, version)}
                    state={state}
                    aria-label={t`See what version ${version} changed`}
                  >
                    {t`Changes`}
                  </Link>
                </td>
              </tr>
            ))}
          </ScrollableTable>
          <h3 className={classes.subtitle}>{t`Changes`}</h3>
          {isOnly ? (
            <p>{t`There is only one version, and the draft has not changed since.`}</p>
          ) : (
            <>
              <div className={classes.compared}>
                {COMPARED.map(({ name, label }) => (
                  <NativeSelect
                    key={name}
                    label={label}
                    data={choices}
                    value={compared[name]}
                    onChange={(event) => {
                      choose({ [name]: event.currentTarget.value });
                    }}
                  />
                ))}
                <Button
                  variant="default"
                  className={classes.swap}
                  leftSection={<IconArrowsExchange size={16} aria-hidden />}
                  onClick={() => {
                    choose({ from: compared.to, to: compared.from });
                  }}
                >
                  {t`Swap`}
                </Button>
              </div>
              {from.graph && to.graph && <Comparison before={from.graph} after={to.graph} />}
            </>
          )}
        </>
      )}
    </Section>
  );
}
