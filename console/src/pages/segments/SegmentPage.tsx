import { t } from '@lingui/core/macro';
import { useQuery } from '@tanstack/react-query';
import { useParams } from 'react-router';
import type { Segment, SegmentReplacement } from '../../shared/api/types';
import { useAllows } from '../../shared/auth/role';
import { useServices } from '../../shared/auth/services';
import { ExportButton } from '../../shared/lists/ExportButton';
import { DetailHeader, DetailPage, Section } from '../../shared/ui/Detail';
import { useSaveRevision } from '../../shared/ui/useSaveRevision';
import { replaceSegment, segmentQuery } from './queries';
import { ruleText } from './rules';
import { SegmentForm } from './SegmentForm';
import { SegmentMembers } from './SegmentMembers';
import classes from './Segments.module.css';

const BACK = { to: '/contacts/segments', label: t`Segments` };

function ReadOnly({ segment }: { segment: Segment }) {
  return (
    <Section title={segment.match === 'ANY' ? t`Contacts that match at least one rule` : t`Contacts that match every rule`}>
      <ul className={classes.words}>
        {segment.rules.map((rule, index) => (
          <li key={index}>{ruleText(rule)}</li>
        ))}
      </ul>
    </Section>
  );
}

function Loaded({ segment }: { segment: Segment }) {
  const { api } = useServices();
  const mayEdit = useAllows('ADMIN');
  const { save, error, isPending, isSuccess } = useSaveRevision({
    item: segment,
    replace: (document: SegmentReplacement) => replaceSegment(api, segment.id, document),
    queryKey: ['segment', segment.id],
    invalidates: [['segment', segment.id, 'preview'], ['segments']],
  });
  return (
    <>
      <DetailHeader
        title={segment.name}
        id={segment.id}
        noun={t`segment`}
        actions={
          <ExportButton
            list="CONTACTS"
            plural={t`contacts`}
            filter={{ segmentId: segment.id }}
            total={undefined}
          />
        }
      />
      <div className={classes.columns}>
        {mayEdit ? (
          <SegmentForm
            segment={segment}
            submitLabel={t`Save`}
            error={error}
            isPending={isPending}
            isSaved={isSuccess}
            onSave={save}
          />
        ) : (
          <ReadOnly segment={segment} />
        )}
        <SegmentMembers segmentId={segment.id} />
      </div>
    </>
  );
}

export default function SegmentPage() {
  const { api } = useServices();
  const { segmentId = '' } = useParams();
  return (
    <DetailPage
      noun={t`segment`}
      back={BACK}
      query={useQuery(segmentQuery(api, segmentId))}
      title={({ name }) => name}
    >
      {(segment) => <Loaded key={segment.id} segment={segment} />}
    </DetailPage>
  );
}
