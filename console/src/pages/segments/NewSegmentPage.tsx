import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from 'react-router';
import type { SegmentDocument } from '../../shared/api/types';
import { useServices } from '../../shared/auth/services';
import { BackLink } from '../../shared/ui/Detail';
import detail from '../../shared/ui/Detail.module.css';
import { NeedsRole } from '../../shared/ui/NeedsRole';
import { createSegment } from './queries';
import { SegmentForm } from './SegmentForm';

export default function NewSegmentPage() {
  const { api } = useServices();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const { mutate, error, isPending } = useMutation({
    mutationFn: (document: SegmentDocument) => createSegment(api, document),
    networkMode: 'always',
    onSuccess: ({ id }) => {
      void queries.invalidateQueries({ queryKey: ['segments'] });
      void navigate(`/contacts/segments/${id}`, { replace: true });
    },
  });
  return (
    <div className={detail.page}>
      <title>New segment · Runledger</title>
      <BackLink to="/contacts/segments">Segments</BackLink>
      <h1>New segment</h1>
      <NeedsRole least="ADMIN">
        <SegmentForm
          submitLabel="Create the segment"
          error={error}
          isPending={isPending}
          isSaved={false}
          onSave={mutate}
        />
      </NeedsRole>
    </div>
  );
}
