import { t } from '@lingui/core/macro';
import { Trans } from '@lingui/react/macro';
import { Link } from 'react-router';
import { Dialog } from '../../shared/ui/Dialog';
import { useSingleKeys } from '../../shared/ui/singleKeys';
import classes from './Keyboard.module.css';
import { paletteKeyText, SHORTCUTS } from './shortcuts';

/** One key, or two of which either does it. */
function Keys({ keys: [key, other] }: { keys: readonly string[] }) {
  if (other === undefined) return <kbd>{key}</kbd>;
  return (
    <Trans>
      <kbd>{key}</kbd> or <kbd>{other}</kbd>
    </Trans>
  );
}

/** Lists the shortcuts. */
export default function ShortcutsDialog({ onClose }: { onClose: () => void }) {
  const hasSingleKeys = useSingleKeys();
  const all = [
    { keys: [paletteKeyText()], words: t`Search records, pages and actions (works in text fields too)` },
    ...(hasSingleKeys ? SHORTCUTS : []),
  ];
  return (
    <Dialog title={t`Keyboard shortcuts`} opened onClose={onClose}>
      <table className={classes.keys}>
        <tbody>
          {all.map(({ keys, words }) => (
            <tr key={words}>
              <th scope="row">
                <Keys keys={keys} />
              </th>
              <td>{words}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p>
        {hasSingleKeys ? (
          <Trans>
            Single keys do nothing while you type. You can switch them off in{' '}
            <Link to="/account" onClick={onClose}>
              your account
            </Link>
            .
          </Trans>
        ) : (
          <Trans>
            Single keys are switched off. You can switch them on in{' '}
            <Link to="/account" onClick={onClose}>
              your account
            </Link>
            .
          </Trans>
        )}
      </p>
    </Dialog>
  );
}
