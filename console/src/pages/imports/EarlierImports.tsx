import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { useServices } from '../../shared/auth/services';
import { Section } from '../../shared/ui/Detail';
import detail from '../../shared/ui/Detail.module.css';
import { SimpleList, SimpleListItem } from '../../shared/ui/SimpleList';
import { ExactTime } from '../../shared/ui/Time';
import { IMPORT } from './address';
import { stateText } from './describe';
import { importsQuery } from './queries';

/** The newest imports, with the way back to those that are at work or were only checked. */
export function EarlierImports() {
  const { api } = useServices();
  const query = useQuery(importsQuery(api));
  // The file of an upload that was never started may be incomplete.
  const started = query.data?.filter(({ status }) => status !== 'UPLOADING');
  return (
    <Section title={t`Newest imports`}>
      <SimpleList
        label={t`Newest imports`}
        query={{ ...query, data: started }}
        empty={<p className={detail.muted}>{t`No import has been started yet.`}</p>}
      >
        {(made) => (
          <SimpleListItem
            key={made.id}
            title={<Link to={IMPORT.address('/contacts/import', { import: made.id })}>{made.fileName}</Link>}
          >
            {stateText(made)}
            <br />
            <Trans>
              By {made.requestedBy}, <ExactTime time={made.createdAt} />
            </Trans>
          </SimpleListItem>
        )}
      </SimpleList>
    </Section>
  );
}
