import { activateLanguage, SOURCE_LANGUAGE } from '../shared/ui/language';

// Before any module of a test: their constants are texts.
await activateLanguage(SOURCE_LANGUAGE);
