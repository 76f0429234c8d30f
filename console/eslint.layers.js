/**
 * Which folder of src/ may import which, from top to bottom: main, app, pages, shared. A folder
 * imports from itself and from lower ones. A page imports no other page. SHARED is the order inside
 * shared/.
 */

import { readdirSync } from 'node:fs';

const SOURCE = `${import.meta.dirname}/src`;

/** The lowest comes first. Folders in one row may not import each other. */
const SHARED = [['address', 'api'], ['auth'], ['ui'], ['graph', 'lists'], ['subjects']];

function foldersIn(folder) {
  const entries = readdirSync(`${SOURCE}/${folder}`, { withFileTypes: true });
  return entries.map(({ name }) => name);
}

const placed = SHARED.flat();
const unplaced = foldersIn('shared').filter((name) => !placed.includes(name));
if (unplaced.length > 0) throw new Error(`Add these folders of shared/ to SHARED: ${unplaced.join(', ')}`);

/** The folders in the same row as a shared folder, or above it. */
function notBelow(folder) {
  const row = SHARED.findIndex((folders) => folders.includes(folder));
  return SHARED.slice(row).flat().filter((other) => other !== folder);
}

const insideShared = placed.map((folder) => ({
  target: `${SOURCE}/shared/${folder}`,
  from: notBelow(folder).map((other) => `${SOURCE}/shared/${other}`),
  message: `shared/${folder} is below it and must not import it.`,
}));

const betweenPages = foldersIn('pages').map((folder) => ({
  target: `${SOURCE}/pages/${folder}`,
  from: `${SOURCE}/pages`,
  except: [`./${folder}`],
  message: 'A page must not import another page. Move shared code to shared/.',
}));

export const LAYERS = [
  {
    target: `${SOURCE}/shared`,
    from: [`${SOURCE}/pages`, `${SOURCE}/app`, `${SOURCE}/main.tsx`],
    message: 'shared/ is below the pages and must not import them.',
  },
  {
    target: `${SOURCE}/pages`,
    from: [`${SOURCE}/app`, `${SOURCE}/main.tsx`],
    message: 'Pages are below app/. Move code that they need to shared/.',
  },
  { target: `${SOURCE}/app`, from: `${SOURCE}/main.tsx`, message: 'Nothing imports main.tsx, where the program starts.' },
  ...betweenPages,
  ...insideShared.filter(({ from }) => from.length > 0),
];

/** The product must not import the tests' helpers. */
export const NO_TEST_SUPPORT = {
  target: SOURCE,
  from: `${SOURCE}/test`,
  message: 'Only tests use src/test.',
};
