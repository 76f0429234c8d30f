import './app/mantine';
import { routeAt } from './app/routes';
import './app/theme.css';
import { activateLanguage, languageFor } from './shared/ui/language';
import { applySetting, readSetting } from './shared/ui/locale';

/** The app's modules come after the language, because their constants are texts of it. */
async function start(): Promise<void> {
  const element = document.getElementById('root');
  if (!element) throw new Error('index.html lacks its root element.');
  const setting = readSetting();
  try {
    const language = languageFor(setting.language, navigator.languages);
    document.documentElement.lang = language;
    await activateLanguage(language);
    applySetting(setting);
    // All at once: the app, the frame around the pages, and the page that was opened.
    const app = import('./app/start');
    const page = routeAt(window.location.pathname)?.load();
    // If one of these two fails, the place that shows it says so.
    void Promise.allSettled([import('./app/Pages'), page]);
    const { showConsole } = await app;
    showConsole(element, page);
  } catch (error) {
    // Neither the app nor its texts could be fetched.
    element.setAttribute('role', 'alert');
    element.textContent = 'The console did not load. Check your connection, and load the page again.';
    throw error;
  }
}

void start();
