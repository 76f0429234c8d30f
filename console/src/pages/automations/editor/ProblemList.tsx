import { plural, t } from '@lingui/core/macro';
import { IconAlertTriangle, IconCircleCheck, IconInfoCircle, IconLoader2 } from '@tabler/icons-react';
import { useNodeTypes } from '../../../shared/graph/useNodeTypes';
import { problemPlace } from '../problemWords';
import type { AutomationDocument } from './document';
import classes from './Editor.module.css';
import { type DocumentProblem, nodeOf, type ProblemsFound } from './problems';

interface Props {
  found: ProblemsFound;
  document: AutomationDocument;
  onOpen: (problem: DocumentProblem) => void;
}

function Summary({ found }: { found: ProblemsFound }) {
  const { problems, isCurrent, error } = found;
  if (error) {
    return (
      <p className={classes.summary} data-tone="bad">
        <IconAlertTriangle size={18} aria-hidden />{' '}{t`The automation could not be checked: ${error.message}`}
      </p>
    );
  }
  if (problems.length === 0 && !isCurrent) {
    return (
      <p className={classes.summary}>
        <IconLoader2 size={18} aria-hidden />{' '}{t`Checking…`}
      </p>
    );
  }
  return problems.length === 0 ? (
    <p className={classes.summary} data-tone="good">
      <IconCircleCheck size={18} aria-hidden />{' '}{t`No problems`}
    </p>
  ) : (
    <p className={classes.summary} data-tone="bad">
      <IconAlertTriangle size={18} aria-hidden />
      {plural(problems.length, { one: '1 problem', other: `${problems.length} problems` })}
    </p>
  );
}

interface PlacesProps extends Pick<Props, 'document' | 'onOpen'> {
  problems: readonly DocumentProblem[];
}

function Places({ problems, document, onOpen }: PlacesProps) {
  const nodeTypes = useNodeTypes();
  if (problems.length === 0) return null;
  return (
    <ul>
      {problems.map((problem, index) => (
        <li key={index}>
          <button
            type="button"
            data-problem-of={nodeOf(problem, document)}
            onClick={() => {
              onOpen(problem);
            }}
          >
            <strong>{problemPlace(problem, document, nodeTypes)}</strong> {problem.words}
          </button>
        </li>
      ))}
    </ul>
  );
}

/** Lists the document's problems; each one leads to its place. */
export function ProblemList({ found, document, onOpen }: Props) {
  return (
    <section aria-label={t`Problems`} id="problems" tabIndex={-1} className={classes.problems}>
      <div role="status">
        <Summary found={found} />
      </div>
      <Places problems={found.problems} document={document} onOpen={onOpen} />
      {found.warnings.length > 0 && (
        <>
          <p className={classes.summary} data-tone="warn">
            <IconInfoCircle size={18} aria-hidden />{' '}{t`Warnings`}
          </p>
          <Places problems={found.warnings} document={document} onOpen={onOpen} />
        </>
      )}
    </section>
  );
}
