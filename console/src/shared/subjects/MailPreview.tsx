import { t } from '@lingui/core/macro';
import { SegmentedControl } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import classes from './MailPreview.module.css';

type Scheme = 'light' | 'dark';
type Width = 'full' | 'phone';

interface Props {
  /** The whole document, as mail clients get it. */
  html: string;
  label: string;
}

/**
 * The HTML of an e-mail in a frame that runs none of its scripts and has no access to the console,
 * in light and dark, and at the width of a phone.
 */
export function MailPreview({ html, label }: Props) {
  const frame = useRef<HTMLIFrameElement>(null);
  const [scheme, setScheme] = useState<Scheme>('light');
  const [width, setWidth] = useState<Width>('full');
  const [isLoaded, setIsLoaded] = useState(false);

  useEffect(() => {
    if (!isLoaded) return;
    // The frame's origin is nobody's, so no origin can be named. Only our own page is in it: the
    // console's Content-Security-Policy lets a frame lead nowhere else.
    frame.current?.contentWindow?.postMessage({ html, scheme }, '*');
  }, [html, scheme, isLoaded]);

  return (
    <div className={classes.preview}>
      <div className={classes.controls}>
        <SegmentedControl
          size="xs"
          aria-label={t`Colors`}
          value={scheme}
          data={[
            { value: 'light', label: t`Light` },
            { value: 'dark', label: t`Dark` },
          ]}
          onChange={(value) => {
            setScheme(value === 'dark' ? 'dark' : 'light');
          }}
        />
        <SegmentedControl
          size="xs"
          aria-label={t`Width`}
          value={width}
          data={[
            { value: 'full', label: t`Full width` },
            { value: 'phone', label: t`Phone` },
          ]}
          onChange={(value) => {
            setWidth(value === 'phone' ? 'phone' : 'full');
          }}
        />
      </div>
      <iframe
        ref={frame}
        className={classes.frame}
        data-scheme={scheme}
        data-width={width}
        title={label}
        src="/message-frame.html"
        sandbox="allow-scripts"
        referrerPolicy="no-referrer"
        onLoad={() => {
          setIsLoaded(true);
        }}
      />
    </div>
  );
}
