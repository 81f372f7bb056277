/**
 * The controls of all pages, under our own tags (`<modelthat-button>` …): the one place that knows where they come
 * from. The toolkit's badge and progress ring are not among them, because they break a strict content security policy.
 */
import {
  provideVSCodeDesignSystem,
  vsCodeButton,
  vsCodeCheckbox,
  vsCodeLink,
} from '@vscode/webview-ui-toolkit';

provideVSCodeDesignSystem().withPrefix('modelthat').register(vsCodeButton(), vsCodeCheckbox(), vsCodeLink());
