import { t } from '@lingui/core/macro';
import type { SegmentDocument } from '../../shared/api/types';
import { useServices } from '../../shared/auth/services';
import { NewItemPage } from '../../shared/ui/NewItemPage';
import { createSegment } from './queries';
import { SegmentForm } from './SegmentForm';

export default function NewSegmentPage() {
  const { api } = useServices();
  return (
    <NewItemPage
      noun={t`segment`}
      plural={t`segments`}
      path="/contacts/segments"
      create={(document: SegmentDocument) => createSegment(api, document)}
    >
      {(form) => <SegmentForm {...form} isSaved={false} />}
    </NewItemPage>
  );
}
