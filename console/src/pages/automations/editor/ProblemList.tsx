import { IconAlertTriangle, IconCircleCheck, IconInfoCircle, IconLoader2 } from '@tabler/icons-react';
import type { AutomationDocument } from './document';
import classes from './Editor.module.css';
import { type DocumentProblem, nodeOf, type ProblemsFound } from './problems';
import { labelOf } from './schema';

interface Props {
  found: ProblemsFound;
  document: AutomationDocument;
  onOpen: (problem: DocumentProblem) => void;
}

function place(problem: DocumentProblem, document: AutomationDocument): string {
  const { nodeId, edge, field } = problem;
  if (nodeId !== null) {
    const last = field?.split('.').at(-1);
    return last === undefined ? nodeId : `${nodeId}, ${labelOf(last).toLowerCase()}`;
  }
  const line = edge === null ? undefined : document.edges[edge];
  if (line) return `${line.source} → ${line.target}`;
  return field === null ? 'Automation' : labelOf(field);
}

function Summary({ found }: { found: ProblemsFound }) {
  const { problems, isCurrent, error } = found;
  if (error) {
    return (
      <p className={classes.summary} data-tone="bad">
        <IconAlertTriangle size={18} aria-hidden /> The check failed: {error.message}
      </p>
    );
  }
  if (problems.length === 0 && !isCurrent) {
    return (
      <p className={classes.summary}>
        <IconLoader2 size={18} aria-hidden /> Checking…
      </p>
    );
  }
  return problems.length === 0 ? (
    <p className={classes.summary} data-tone="good">
      <IconCircleCheck size={18} aria-hidden /> No problems
    </p>
  ) : (
    <p className={classes.summary} data-tone="bad">
      <IconAlertTriangle size={18} aria-hidden />
      {problems.length === 1 ? '1 problem' : `${problems.length} problems`}
    </p>
  );
}

interface PlacesProps extends Pick<Props, 'document' | 'onOpen'> {
  problems: readonly DocumentProblem[];
}

function Places({ problems, document, onOpen }: PlacesProps) {
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
            <strong>{place(problem, document)}</strong> {problem.message}
          </button>
        </li>
      ))}
    </ul>
  );
}

/** Lists the document's problems; each one leads to its place. */
export function ProblemList({ found, document, onOpen }: Props) {
  return (
    <section aria-label="Problems" id="problems" tabIndex={-1} className={classes.problems}>
      <div role="status">
        <Summary found={found} />
      </div>
      <Places problems={found.problems} document={document} onOpen={onOpen} />
      {found.warnings.length > 0 && (
        <>
          <p className={classes.summary} data-tone="warn">
            <IconInfoCircle size={18} aria-hidden /> Warnings
          </p>
          <Places problems={found.warnings} document={document} onOpen={onOpen} />
        </>
      )}
    </section>
  );
}
