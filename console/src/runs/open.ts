import { defineAddress } from '../app/addressState';
import { texts } from '../app/parameters';

/** The list of runs, besides its filters: the runs that stand open in place. */
export const RUN_LIST = defineAddress({ open: texts() });
