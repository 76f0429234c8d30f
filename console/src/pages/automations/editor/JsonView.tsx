import { lazy, Suspense } from 'react';
import { Notice } from '../../../shared/ui/ErrorNotice';
import type { DocumentProblem } from './problems';
import type { JsonText } from './useJsonText';

const JsonEditor = lazy(() => import('./JsonEditor'));

interface Props {
  json: JsonText;
  problems: readonly DocumentProblem[];
  isReadOnly: boolean;
}

/** The document as JSON. Text that is not a valid document is kept only in this view. */
export function JsonView({ json, problems, isReadOnly }: Props) {
  return (
    <>
      {json.error !== null && (
        <Notice tone="bad" title="Not a valid automation">
          <p>{json.error}</p>
          <p>The visual view shows the last valid state.</p>
        </Notice>
      )}
      <Suspense fallback={<div role="status">Loading the JSON view…</div>}>
        <JsonEditor
          text={json.text}
          problems={problems}
          isReadOnly={isReadOnly}
          onChange={json.write}
        />
      </Suspense>
    </>
  );
}
