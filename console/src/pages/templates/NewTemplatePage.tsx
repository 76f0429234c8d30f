import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from 'react-router';
import type { TemplateDocument } from '../../shared/api/types';
import { useServices } from '../../shared/auth/services';
import { BackLink } from '../../shared/ui/Detail';
import detail from '../../shared/ui/Detail.module.css';
import { NeedsRole } from '../../shared/ui/NeedsRole';
import { createTemplate } from './queries';
import { Workbench } from './Workbench';

export default function NewTemplatePage() {
  const { api } = useServices();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const { mutate, error, isPending } = useMutation({
    mutationFn: (document: TemplateDocument) => createTemplate(api, document),
    networkMode: 'always',
    onSuccess: ({ id }) => {
      void queries.invalidateQueries({ queryKey: ['templates'] });
      void navigate(`/templates/${id}`, { replace: true });
    },
  });
  return (
    <div className={detail.page}>
      <title>New template · Runledger</title>
      <BackLink to="/templates">Templates</BackLink>
      <h1>New template</h1>
      <NeedsRole least="ADMIN">
        <Workbench
          submitLabel="Create the template"
          error={error}
          isPending={isPending}
          onSave={mutate}
        />
      </NeedsRole>
    </div>
  );
}
