/** Idempotency keys of requests that a click may repeat. */

import { useRef } from 'react';

export interface RepeatKey {
  /** The key of this request: the same one until it is answered, if it asks for the same. */
  of: (asked: unknown) => string;
  /** To be called after an answer, so that a further click asks for another one. */
  answered: () => void;
}

/** A click after a lost answer repeats the request. One that asks for something else is new. */
export function useRepeatKey(): RepeatKey {
  const unanswered = useRef({ key: '', asked: '' });
  return {
    of: (asked) => {
      const text = JSON.stringify(asked);
      if (unanswered.current.asked !== text) {
        unanswered.current = { key: crypto.randomUUID(), asked: text };
      }
      return unanswered.current.key;
    },
    answered: () => {
      unanswered.current = { key: '', asked: '' };
    },
  };
}
