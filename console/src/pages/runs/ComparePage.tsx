import { plural, t } from '@lingui/core/macro';
import { Checkbox } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from 'react-router';
import { defineAddress, useAddressState } from '../../shared/address/addressState';
import { choice } from '../../shared/address/parameters';
import type { Comparison, Step } from '../../shared/api/types';
import { useServices } from '../../shared/auth/services';
import { stepAddress } from '../../shared/subjects/runs';
import { DetailPage, Section } from '../../shared/ui/Detail';
import detail from '../../shared/ui/Detail.module.css';
import { formatDuration } from '../../shared/ui/format';
import { Status } from '../../shared/ui/Status';
import { ExactTime } from '../../shared/ui/Time';
import classes from './ComparePage.module.css';
import { comparisonQuery } from './queries';

const COMPARE_PAGE = defineAddress({ show: choice(['differences']) });

type ComparedRun = Comparison['a'];
type ComparedStep = Comparison['steps'][number];
type Difference = ComparedStep['differences'][number];

/** The name of a side: what the run is to the other one. */
function nameOf(run: ComparedRun, other: ComparedRun, fallback: string): string {
  if (run.rerunOf === other.runId) return t`Rerun`;
  return other.rerunOf === run.runId ? t`Original` : fallback;
}

function RunColumn({ run, name }: { run: ComparedRun; name: string }) {
  return (
    <section className={classes.run} aria-label={name}>
      <h2>{name}</h2>
      <p>
        <Status status={run.status} />{' '}
        <Link to={`/automations/${run.automationId}`}>{run.automationName}</Link>{' '}
        <span className={detail.muted}>{t`version ${run.version}`}</span>
      </p>
      <p className={detail.muted}>
        <ExactTime time={run.createdAt} />
        {run.durationMs !== null && <> · {t`Took ${formatDuration(run.durationMs)}`}</>}
      </p>
      <p className={classes.id}>
        <Link to={`/runs/${run.runId}`}>{run.runId}</Link>
      </p>
    </section>
  );
}

function Value({ value }: { value: unknown }) {
  if (value === null || value === undefined) return <span className={detail.muted}>{t`none`}</span>;
  return <code>{typeof value === 'string' ? value : JSON.stringify(value)}</code>;
}

interface DifferencesProps {
  /** What is compared: `score`, `the events`. */
  of: string;
  names: readonly [string, string];
  differences: Difference[];
}

function Differences({ of, names, differences }: DifferencesProps) {
  return (
    // It may scroll, so the keyboard must be able to focus it.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className={classes.differences} role="region" aria-label={t`Differences of ${of}`} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {[t`Value`, ...names].map((title) => (
              <th key={title} scope="col">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {differences.map(({ path, a, b }) => (
            <tr key={path}>
              <th scope="row">{path}</th>
              <td>
                <Value value={a} />
              </td>
              <td>
                <Value value={b} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Side({ runId, step, name }: { runId: string; step: Step | null; name: string }) {
  return (
    <span className={classes.side}>
      <span className={detail.muted}>{name}</span>{' '}
      {step === null ? (
        t`not visited`
      ) : (
        <>
          <Status status={step.status} />{' '}
          {step.reusedFrom && <>{t`reused`} </>}
          <Link to={stepAddress(runId, step.nodeId)} aria-label={t`Step ${step.nodeId} in the ${name}`}>
            {t`step`}
          </Link>
        </>
      )}
    </span>
  );
}

interface StepProps {
  comparison: Comparison;
  step: ComparedStep;
  names: readonly [string, string];
}

function StepRow({ comparison, step, names }: StepProps) {
  const { nodeId, a, b, differences, isEqual } = step;
  return (
    <li className={classes.step} data-step={nodeId} data-equal={isEqual}>
      <div className={classes.stepHead}>
        <h3>{nodeId}</h3>
        <Side runId={comparison.a.runId} step={a} name={names[0]} />
        <Side runId={comparison.b.runId} step={b} name={names[1]} />
        <span className={classes.verdict}>
          {isEqual
            ? t`Equal`
            : plural(differences.length, { one: '1 difference', other: `${differences.length} differences` })}
        </span>
      </div>
      {a !== null && b !== null && differences.length > 0 && (
        <Differences of={nodeId} names={names} differences={differences} />
      )}
    </li>
  );
}

function Loaded({ comparison }: { comparison: Comparison }) {
  const [{ show }, change] = useAddressState(COMPARE_PAGE);
  const { a, b, payloadDifferences, steps } = comparison;
  const names = [nameOf(a, b, t`First run`), nameOf(b, a, t`Second run`)] as const;
  const shown = show === null ? steps : steps.filter(({ isEqual }) => !isEqual);
  return (
    <>
      <h1>{t`Compare two runs`}</h1>
      <div className={classes.runs}>
        <RunColumn run={a} name={names[0]} />
        <RunColumn run={b} name={names[1]} />
      </div>
      <Checkbox
        label={t`Differences only`}
        checked={show !== null}
        onChange={(event) => {
          change({ show: event.currentTarget.checked ? 'differences' : null }, 'replace');
        }}
      />
      {payloadDifferences.length > 0 && (
        <Section title={t`Events`}>
          <Differences of={t`the events`} names={names} differences={payloadDifferences} />
        </Section>
      )}
      <Section title={t`Steps`}>
        {shown.length === 0 ? (
          <p className={detail.muted}>{t`All steps are equal.`}</p>
        ) : (
          <ol className={classes.steps}>
            {shown.map((step) => (
              <StepRow key={step.nodeId} comparison={comparison} step={step} names={names} />
            ))}
          </ol>
        )}
      </Section>
    </>
  );
}

export default function ComparePage() {
  const { api } = useServices();
  const { runId = '', otherId = '' } = useParams();
  const query = useQuery(comparisonQuery(api, runId, otherId));
  return (
    <DetailPage
      noun={t`run`}
      back={{ to: `/runs/${runId}`, label: t`Run`, isThing: true }}
      query={query}
      title={() => t`Compare two runs`}
    >
      {(comparison) => <Loaded comparison={comparison} />}
    </DetailPage>
  );
}
