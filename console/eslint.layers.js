/**
 * Which folder of src/ may import which: main, app, pages, shared, each from itself and from those
 * below it. A page knows no other page. Inside shared/ the order is the list below.
 */

import { readdirSync } from 'node:fs';

const SOURCE = `${import.meta.dirname}/src`;

/** The lowest first. Folders in one row do not know each other. */
const SHARED = [['address', 'api'], ['auth'], ['ui'], ['graph', 'lists'], ['subjects']];

function foldersIn(folder) {
  const entries = readdirSync(`${SOURCE}/${folder}`, { withFileTypes: true });
  return entries.map(({ name }) => name);
}

const placed = SHARED.flat();
const unplaced = foldersIn('shared').filter((name) => !placed.includes(name));
if (unplaced.length > 0) throw new Error(`Say where in shared/ these stand: ${unplaced.join(', ')}`);

/** What stands beside a shared folder or above it. */
function notBelow(folder) {
  const row = SHARED.findIndex((folders) => folders.includes(folder));
  return SHARED.slice(row).flat().filter((other) => other !== folder);
}

const insideShared = placed.map((folder) => ({
  target: `${SOURCE}/shared/${folder}`,
  from: notBelow(folder).map((other) => `${SOURCE}/shared/${other}`),
  message: `shared/${folder} stands below it.`,
}));

const betweenPages = foldersIn('pages').map((folder) => ({
  target: `${SOURCE}/pages/${folder}`,
  from: `${SOURCE}/pages`,
  except: [`./${folder}`],
  message: 'A page knows no other page: what both need belongs in shared/.',
}));

export const LAYERS = [
  {
    target: `${SOURCE}/shared`,
    from: [`${SOURCE}/pages`, `${SOURCE}/app`, `${SOURCE}/main.tsx`],
    message: 'What is shared stands below the pages.',
  },
  {
    target: `${SOURCE}/pages`,
    from: [`${SOURCE}/app`, `${SOURCE}/main.tsx`],
    message: 'Pages stand below app/: what they need of it belongs in shared/.',
  },
  { target: `${SOURCE}/app`, from: `${SOURCE}/main.tsx`, message: 'main.tsx is the start.' },
  ...betweenPages,
  ...insideShared.filter(({ from }) => from.length > 0),
];

/** The product does not lean on what its tests share. */
export const NO_TEST_SUPPORT = {
  target: SOURCE,
  from: `${SOURCE}/test`,
  message: 'Only tests use src/test.',
};
