// Shows the HTML of an e-mail in a sandboxed frame. The page around it sends { html, scheme }.
//
// The frame has headers of its own: it runs this script only, and its origin is nobody's, so what a
// message contains can reach neither the console nor its session.
(() => {
  'use strict';

  const SCHEME = /\(\s*prefers-color-scheme\s*:\s*(light|dark)\s*\)/gi;

  /** Lets the rules for a colour scheme hold as if the reader's system had it. */
  function choose(scheme) {
    const rules = [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules]);
    for (const rule of rules) {
      if (rule instanceof CSSMediaRule) {
        const chosen = rule.media.mediaText.replace(SCHEME, (_, named) =>
          named.toLowerCase() === scheme ? '(min-width: 0px)' : '(max-width: 0px)',
        );
        rule.media.mediaText = chosen;
      }
    }
    const declared = document.querySelector('meta[name="color-scheme" i]')?.content ?? 'light';
    document.documentElement.style.colorScheme = declared.includes(scheme) ? scheme : 'light';
  }

  addEventListener('message', ({ source, data }) => {
    if (source !== parent || typeof data?.html !== 'string') return;
    // A document made by DOMParser runs no scripts.
    const read = new DOMParser().parseFromString(data.html, 'text/html');
    document.replaceChild(document.adoptNode(read.documentElement), document.documentElement);
    choose(data.scheme);
  });

  // A preview leads nowhere.
  addEventListener('click', (event) => event.preventDefault(), true);
  addEventListener('submit', (event) => event.preventDefault(), true);
})();
