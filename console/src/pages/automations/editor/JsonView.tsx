import { t } from '@lingui/core/macro';
import { Notice } from '../../../shared/ui/ErrorNotice';
import { lazyComponent } from '../../../shared/ui/lazyComponent';
import type { DocumentProblem } from './problems';
import type { JsonText } from './useJsonText';

function Loading() {
  return <div role="status">{t`Loading the JSON view…`}</div>;
}

const { Component: JsonEditor } = lazyComponent(() => import('./JsonEditor'), <Loading />);

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
        <Notice tone="bad" title={t`Not a valid automation`}>
          <p>{json.error}</p>
          <p>{t`The visual view shows the last valid state.`}</p>
        </Notice>
      )}
      <JsonEditor
        text={json.text}
        problems={problems}
        isReadOnly={isReadOnly}
        onChange={json.write}
      />
    </>
  );
}
