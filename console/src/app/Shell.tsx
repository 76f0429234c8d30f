import { t } from '@lingui/core/macro';
import { ActionIcon, NativeSelect, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { IconLogout, IconMenu2, IconMoon, IconSun, IconX } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { Link, NavLink, Outlet, useLocation, useNavigate } from 'react-router';
import { meQuery } from '../shared/api/queries';
import type { Me } from '../shared/api/types';
import { useServices } from '../shared/auth/services';
import { ErrorNotice } from '../shared/ui/ErrorNotice';
import { formatWord } from '../shared/ui/format';
import { leavePage } from '../shared/ui/leavePage';
import { focusFirstRow, useHasRows } from '../shared/ui/rows';
import { Brand } from './Brand';
import { Keyboard, SearchButton } from './keyboard/Keyboard';
import { NAVIGATION } from './navigation';
import { PageBoundary } from './PageBoundary';
import classes from './Shell.module.css';
import { useScrollMemory } from './useScrollMemory';
import { WorkspaceGuard } from './WorkspaceGuard';

function ColorSchemeButton() {
  const scheme = useComputedColorScheme('light');
  const { setColorScheme } = useMantineColorScheme();
  const other = scheme === 'light' ? 'dark' : 'light';
  const label = other === 'dark' ? t`Switch to dark theme` : t`Switch to light theme`;
  return (
    <ActionIcon
      variant="default"
      size="lg"
      aria-label={label}
      title={label}
      onClick={() => {
        setColorScheme(other);
      }}
    >
      {scheme === 'light' ? <IconMoon size={18} /> : <IconSun size={18} />}
    </ActionIcon>
  );
}

function Workspace({ me }: { me: Me }) {
  const { session } = useServices();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const current = me.workspaces.find(({ id }) => id === me.workspaceId);
  // From then on every call names the workspace: with several, a change must name one.
  useEffect(() => {
    if (me.workspaceId !== null && session.workspaceId() === null) {
      session.chooseWorkspace(me.workspaceId);
    }
  }, [me.workspaceId, session]);
  if (me.workspaceId === null) return null;
  if (me.workspaces.length <= 1) {
    return <p className={classes.workspace}>{current?.name ?? me.workspaceId}</p>;
  }
  return (
    <NativeSelect
      label={t`Workspace`}
      size="xs"
      value={me.workspaceId}
      data={me.workspaces.map(({ id, name }) => ({ value: id, label: name }))}
      onChange={(event) => {
        const chosen = event.currentTarget.value;
        leavePage(() => {
          session.chooseWorkspace(chosen);
          void navigate('/');
          void queries.resetQueries();
        });
      }}
    />
  );
}

function Account() {
  const { api, session } = useServices();
  const { data: me, error, refetch } = useQuery(meQuery(api));
  return (
    <div className={classes.account}>
      {me && (
        <>
          <Workspace me={me} />
          <p className={classes.person}>
            <Link to="/account" className={classes.email ?? ''} title={t`Your account`}>
              {me.email}
            </Link>
            {me.role !== null && <span className={classes.role}>{formatWord(me.role)}</span>}
          </p>
        </>
      )}
      {!me && error && <ErrorNotice error={error} onRetry={() => void refetch()} />}
      <div className={classes.buttons}>
        <ColorSchemeButton />
        <ActionIcon
          variant="default"
          size="lg"
          aria-label={t`Sign out`}
          title={t`Sign out`}
          onClick={() => {
            leavePage(() => {
              session.signOut();
            });
          }}
        >
          <IconLogout size={18} />
        </ActionIcon>
      </div>
    </div>
  );
}

/** Brand, navigation and account around every page. */
export function Shell() {
  const [menuOpen, setMenuOpen] = useState(false);
  const { pathname } = useLocation();
  const main = useRef<HTMLElement>(null);
  useScrollMemory(main);
  const hasRows = useHasRows();

  return (
    <Keyboard>
      <div className={classes.shell}>
        <a href="#main" className={classes.skip}>
          {t`Skip to content`}
        </a>
        {hasRows && (
          <button type="button" className={classes.skip} onClick={focusFirstRow}>
            {t`Skip to the first row`}
          </button>
        )}
        <header className={classes.bar} data-open={menuOpen}>
          <div className={classes.brandRow}>
            <Brand />
            <div className={classes.barButtons}>
              <SearchButton isSmall />
              <ActionIcon
                variant="default"
                size="lg"
                aria-label={menuOpen ? t`Close the menu` : t`Open the menu`}
                aria-expanded={menuOpen}
                aria-controls="menu"
                onClick={() => {
                  setMenuOpen(!menuOpen);
                }}
              >
                {menuOpen ? <IconX size={18} /> : <IconMenu2 size={18} />}
              </ActionIcon>
            </div>
          </div>
          <div id="menu" className={classes.menu}>
            <nav aria-label={t`Main`}>
              <SearchButton />
              {NAVIGATION.map((group) => (
                <section key={group.title} aria-label={group.title}>
                  <p className={classes.groupTitle}>{group.title}</p>
                  <ul className={classes.entries}>
                    {group.entries.map(({ to, label, icon: Icon }) => (
                      <li key={to}>
                        <NavLink
                          to={to}
                          end={to === '/'}
                          className={classes.entry ?? ''}
                          onClick={() => {
                            setMenuOpen(false);
                          }}
                        >
                          <Icon size={18} aria-hidden />
                          {label}
                        </NavLink>
                      </li>
                    ))}
                  </ul>
                </section>
              ))}
            </nav>
            <Account />
          </div>
        </header>
        <main id="main" ref={main} tabIndex={-1} className={classes.main}>
          <PageBoundary pageKey={pathname}>
            <WorkspaceGuard>
              <Outlet />
            </WorkspaceGuard>
          </PageBoundary>
        </main>
      </div>
    </Keyboard>
  );
}
