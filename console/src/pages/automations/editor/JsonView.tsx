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

/** The document as JSON. Text that is no document yet stays here, and in no other view. */
export function JsonView({ json, problems, isReadOnly }: Props) {
  return (
    <>
      {json.error !== null && (
        <Notice tone="bad" title="This is no automation yet">
          <p>{json.error}</p>
          <p>The other view shows what it was before.</p>
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
